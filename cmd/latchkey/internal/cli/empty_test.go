package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/internal/addrtest"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// leafCommands are all verbs that do something.
func leafCommands() (all []*cobra.Command) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if !c.HasSubCommands() {
			all = append(all, c)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(&terminal{}))
	return all
}

// words are a verb's words after latchkey, and the names of its arguments.
func words(c *cobra.Command) (verb, arguments []string) {
	for _, name := range strings.Fields(c.Use)[1:] {
		arguments = append(arguments, strings.TrimSuffix(strings.Trim(name, "[]"), "..."))
	}
	return strings.Fields(c.CommandPath())[1:], arguments
}

// everyWay runs do with data that has two of everything: in process, over the socket and
// over the network. It fails if anything was changed by it.
func everyWay(t *testing.T, do func(t *testing.T, env []string)) {
	fill := func(t *testing.T, env []string) {
		t.Helper()
		for _, args := range []string{
			"user add --username ada --email ada@example.org --external-id 1 --admin", "user add --username bob",
			"group add staff", "group add crew",
			"resource add https://api.example --name Orders --scope orders:read=see_orders",
			"resource add https://b.example --name Bills --scope bills:read=see_bills",
			"client add --client-id demo --client-name Demo --redirect-uri https://a.example/cb",
		} {
			if code, _, stderr := run(t, env, strings.Fields(args)...); code != exitDone {
				t.Fatalf("%s: %s", args, stderr)
			}
		}
	}
	look := func(t *testing.T, env []string) (all string) {
		t.Helper()
		for _, noun := range []string{"user", "group", "resource", "client", "setting", "key"} {
			code, stdout, stderr := run(t, env, noun, "list", "--json")
			if code != exitDone {
				t.Fatal(stderr)
			}
			all += stdout
		}
		return all
	}
	unchanged := func(t *testing.T, env []string) {
		t.Helper()
		before := look(t, env)
		do(t, env)
		if after := look(t, env); after != before {
			t.Errorf("something was changed:\n%s\nbefore:\n%s", after, before)
		}
	}
	t.Run("in process", func(t *testing.T) {
		env := []string{"LATCHKEY_ISSUER=http://" + addrtest.Address(t, "127.0.0.1"),
			"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
		fill(t, env)
		unchanged(t, env)
	})
	t.Run("served", func(t *testing.T) {
		env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
		s := serving(t, env...)
		go s.stderr.drain(t.Context())
		fill(t, env)
		secret := addRobot(t, env)
		t.Run("socket", func(t *testing.T) { unchanged(t, env) })
		t.Run("network", func(t *testing.T) {
			unchanged(t, []string{"LATCHKEY_SERVER=" + s.url, "LATCHKEY_CLIENT_ID=robot",
				"LATCHKEY_CLIENT_SECRET=" + secret})
		})
		s.wait(t)
	})
}

// A variable of the shell that is not set is an empty argument. It names nobody: not
// everybody, and not the first that there is.
func TestNoVerbTakesAnEmptyArgument(t *testing.T) {
	everyWay(t, func(t *testing.T, env []string) {
		tried := 0
		for _, c := range leafCommands() {
			verb, names := words(c)
			anywhere := c.Annotations[placeNote] == placeAny
			if onNetwork := strings.HasPrefix(env[0], config.EnvServer); c.Annotations[placeNote] == placeMachine &&
				onNetwork {
				continue // refused there, whatever is given
			}
			for i, name := range names {
				for _, empty := range []string{"", " \t"} {
					args := slices.Clone(verb)
					for j := range names {
						args = append(args, map[bool]string{true: empty, false: "x"}[i == j])
					}
					if c.Flags().Lookup("yes") != nil {
						args = append(args, "--yes")
					}
					code, stdout, stderr := run(t, env, args...)
					if code != exitUsage || stdout != "" || !strings.Contains(stderr, name+" is empty") {
						t.Errorf("%q: exit code %d: %s%s", args, code, stdout, stderr)
					}
				}
				if anywhere {
					tried++
				}
			}
		}
		if tried < 25 {
			t.Errorf("only %d arguments were tried", tried)
		}
	})
}

// An empty value must not widen what a flag narrows: "client add --allowed-group" of
// nothing would be open to everybody, "key rotate --alg" of nothing would be all keys.
func TestNoFlagTakesAnEmptyValue(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	for _, c := range leafCommands() {
		verb, names := words(c)
		if verb[0] == "completion" {
			continue
		}
		try := func(f *pflag.Flag) {
			if f.Value.Type() == "bool" {
				return
			}
			for _, empty := range []string{"", " "} {
				args := append(slices.Clone(verb), strings.Fields(strings.Repeat(" x", len(names)))...)
				code, _, stderr := run(t, env, append(args, "--"+f.Name, empty)...)
				if code != exitUsage || !strings.Contains(stderr, "--"+f.Name) {
					t.Errorf("%q --%s %q: exit code %d: %s", verb, f.Name, empty, code, stderr)
				}
			}
		}
		c.LocalFlags().VisitAll(try)
		c.InheritedFlags().VisitAll(try)
	}
}

func TestAnEmptyValueChangesNothingHoweverTheDataIsReached(t *testing.T) {
	everyWay(t, func(t *testing.T, env []string) {
		for _, args := range [][]string{
			{"client", "add", "--client-name", "Open", "--redirect-uri", "https://a.example/cb", "--allowed-group", ""},
			{"client", "edit", "demo", "--allowed-group", "staff", "--allowed-group", ""},
			{"user", "edit", "ada", "--group", ""},
			{"user", "edit", "ada", "--remove-group", ""},
			{"user", "edit", "ada", "--email", ""},
			{"key", "rotate", "--leaked", "--yes", "--alg", ""},
			{"setting", "set", "signing_algorithms="},
			{"setting", "set", "branding.support_url= "},
		} {
			if code, stdout, stderr := run(t, env, args...); code != exitUsage ||
				!strings.Contains(stderr, "is empty") {
				t.Errorf("%q: exit code %d: %s%s", args, code, stdout, stderr)
			}
		}
	})
}

// Advice that is refused in its turn helps nobody.
func TestOnlyWhatCanBeClearedIsAdvisedToBeCleared(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	for args, clear := range map[string]bool{
		"user edit ada --nickname ": true, "user edit ada --group ": false, "user edit ada --claims-json ": false,
		"client edit demo --allowed-group ": true, "client edit demo --client-name ": false,
		"group edit staff --description ": true, "group edit staff --name ": false,
	} {
		_, _, stderr := run(t, env, append(strings.Fields(args), "")...)
		if got := strings.Contains(stderr, "--clear"); got != clear || !strings.Contains(stderr, "is empty") {
			t.Errorf("%s: %s", args, stderr)
		}
	}
}

// What is to be empty is named, and so cannot be meant by nothing.
func TestFieldsAreClearedByAFlagOfItsOwn(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"group add staff --description people", exitDone, "people"},
		{"group edit staff --clear description --json", exitDone, `"name": "staff"`},
		{"group edit staff --clear name", exitUsage, `"name" is not a flag`},
		{"user add --username ada --email ada@example.org --nickname A --region R --locality L", exitDone, "ada@"},
		{"user edit ada --clear nickname --clear email --clear region --json", exitDone, `"locality": "L"`},
		{"user edit ada --clear username", exitFailed, "username must be"},
		{"user edit ada --clear nickname --nickname B", exitUsage, "both"},
		{"user edit ada --clear group", exitUsage, `"group"`},
		{"client add --client-id demo --client-name Demo --redirect-uri https://a.example/cb --allowed-group staff --default-max-age 60", exitDone, "staff"},
		{"client edit demo --clear allowed-group --clear default-max-age --json", exitDone, `"client_id": "demo"`},
		{"client edit demo --clear redirect-uri", exitFailed, "redirect_uris must"},
		{"client edit demo --clear require-pkce", exitUsage, "require-pkce"},
		{"client edit demo --id-token-user-claims=false --online-refresh-tokens=false", exitDone, "no"},
		{"client edit demo --clear id-token-user-claims --clear online-refresh-tokens --json", exitDone,
			`"client_id": "demo"`},
	} {
		code, stdout, stderr := run(t, env, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("%s: exit code %d: %s%s", c.args, code, stdout, stderr)
		}
		for _, gone := range []string{`"description"`, `"nickname"`, `"email":`, `"region"`, `"allowed_groups"`,
			`"default_max_age"`,
			`"id_token_user_claims"`, `"online_refresh_tokens"`} {
			if strings.Contains(stdout, gone) {
				t.Errorf("%s: %s is still there: %s", c.args, gone, stdout)
			}
		}
	}
}
