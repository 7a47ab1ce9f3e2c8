package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/api/wire"
	"latchkey/internal/addrtest"

	"github.com/spf13/cobra"
)

// A step is what somebody does. $KEPT in it is what the latest step with keep has
// printed there.
type step struct {
	args  string
	stdin string
	code  int
	keep  *regexp.Regexp
}

const aPassword = "seven green parrots sing"

// everyVerb does everything that can be done from anywhere. A new verb has to be here.
var everyVerb = []step{
	{args: "setup-link"},
	{args: "user list"},
	{args: "user add --username ada --email ada@example.org --name Ada"},
	{args: "user add --username bob --password-stdin --json", stdin: aPassword},
	{args: "user add --username ada", code: exitFailed},
	{args: "user add --username x --password-stdin", stdin: "short", code: exitFailed},
	{args: "user show ada@example.org"},
	{args: "user show nobody", code: exitFailed},
	{args: "user set-password ada --password-stdin", stdin: aPassword + " again"},
	{args: "user disable bob"},
	{args: "user enable bob --json"},
	{args: "user unlock bob"},
	{args: "user unlock ada --json"},
	{args: "user recovery-link bob"},
	{args: "user import $DIR/users.jsonl"},
	{args: "user import --dry-run --update $DIR/odd-users.jsonl --json", code: exitFailed},
	{args: "user import $DIR/absent.jsonl", code: exitFailed},
	{args: "group add staff"},
	{args: "group add staff", code: exitFailed},
	{args: "user edit ada --nickname A --group staff"},
	{args: "user edit ada --birthdate soon", code: exitFailed},
	{args: "group list"},
	{args: "group show staff"},
	{args: "group show nobody", code: exitFailed},
	{args: "group edit staff --name crew --description people"},
	{args: "group delete crew --yes"},
	{args: "client add --client-id demo --client-name Demo --redirect-uri https://a.example/cb"},
	{args: "client add --client-name Bad --redirect-uri https://a.example/cb --scope admin", code: exitFailed},
	{args: "client list"},
	{args: "client show demo"},
	{args: "client show nobody", code: exitFailed},
	{args: "client edit demo --client-name Example --state suspended"},
	{args: "client rotate-secret demo --overlap 0d"},
	{args: "client import $DIR/clients.jsonl"},
	{args: "client import $DIR/odd-clients.jsonl", code: exitFailed},
	{args: "client delete demo --yes"},
	{args: "resource add https://api.example --name Orders --scope orders:read=see_orders"},
	{args: "resource list"},
	{args: "resource show https://api.example --json", keep: regexp.MustCompile(`"last4": "(.{4})"`)},
	{args: "resource rotate-secret https://api.example"},
	{args: "resource end-secret https://api.example $KEPT"},
	{args: "resource edit https://api.example --name Bills"},
	{args: "resource disable https://api.example"},
	{args: "resource enable https://api.example"},
	{args: "resource show https://nowhere.example", code: exitFailed},
	{args: "resource delete https://api.example --yes"},
	{args: "setting set lifetimes.code=30 branding.name=Portal"},
	{args: "setting set lifetimes.code=years", code: exitFailed},
	{args: "setting set nonsense=1", code: exitUsage},
	{args: "setting unset branding.name"},
	{args: "setting list"},
	{args: "key rotate --alg ES256"},
	{args: "key rotate --alg nonsense", code: exitFailed},
	{args: "key list"},
	{args: "user delete bob --yes"},
	{args: "user list --json"},
	{args: "client list --json"},
	{args: "audit ada"},
	{args: "audit --limit 12"},
}

// notFromAnywhere are the verbs that no server does for somebody far away, with where
// they work: those that touch nobody's data but their own work anywhere.
var notFromAnywhere = map[string]string{
	"backup": placeMachine, "check": placeMachine, "compact": placeMachine, "doctor": placeMachine,
	"key reseal": placeMachine,
	"restore":    placeMachine, "try": placeMachine, "serve": "", "version": "", "help": "",
	"completion bash": "", "completion fish": "", "completion powershell": "", "completion zsh": "",
}

// verbs are all verbs that do something, by their words after latchkey, with the place
// where they work.
func verbs() map[string]string {
	root := newRoot(&terminal{})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	all := map[string]string{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if !c.HasSubCommands() {
			all[strings.TrimPrefix(c.CommandPath(), "latchkey ")] = c.Annotations[placeNote]
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return all
}

func TestEachVerbIsTriedEveryWayOrRefused(t *testing.T) {
	for words, place := range verbs() {
		tried := slices.ContainsFunc(everyVerb,
			func(s step) bool { return strings.HasPrefix(s.args+" ", words+" ") && s.code == exitDone })
		want, refused := notFromAnywhere[words]
		if tried {
			want = placeAny
		}
		if tried == refused || place != want {
			t.Errorf("%s (%q) must either work from anywhere and succeed in everyVerb, or be in notFromAnywhere",
				words, place)
		}
	}
}

// what differs between two houses in which the same was done.
var differs = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`No server is running[^\n]*\n`), ""},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "URL"},
	{regexp.MustCompile(`lk_[a-z]+_[A-Za-z0-9_-]+`), "SECRET"},
	{regexp.MustCompile(`("last4": "|ends in |api\.example: ).{4}([", \n])`), "${1}LAST$2"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d([T ][0-9:.]+(Z| [A-Z]+|[+-][0-9:]+))?`), "TIME"},
	{regexp.MustCompile(`[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{12}…`), "KID"},
	{regexp.MustCompile(`("client_id_issued_at": )\d+`), "${1}N"},
	{regexp.MustCompile(`api robot`), "cli"},
	{regexp.MustCompile(`  +`), "  "},
}

// do takes all steps, and returns what came of each and all that was printed.
func do(t *testing.T, env []string) (came []string, printed string) {
	t.Helper()
	dir, kept := t.TempDir(), ""
	for name, text := range map[string]string{
		"users.jsonl":       `{"username":"carl","external_id":"1"}`,
		"odd-users.jsonl":   `{"username":"carl","external_id":"1"}` + "\n" + `{"username":"a b"}` + "\n[]\nnonsense",
		"clients.jsonl":     `{"client_id":"moved","client_name":"Moved","client_secret":"a secret that is long","redirect_uris":["https://a.example/cb"]}`,
		"odd-clients.jsonl": "{}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range everyVerb {
		args := strings.Fields(strings.NewReplacer("$DIR", dir, "$KEPT", kept).Replace(s.args))
		var stdout, stderr strings.Builder
		code := Run(t.Context(), args, strings.NewReader(s.stdin), &stdout, &stderr, env)
		if code != s.code {
			t.Fatalf("%s: exit code %d: %s%s", s.args, code, &stdout, &stderr)
		}
		out := stdout.String() + stderr.String()
		if printed += out; s.keep != nil {
			kept = s.keep.FindStringSubmatch(out)[1]
		}
		out = strings.ReplaceAll(out, dir, "DIR")
		for _, d := range differs {
			out = d.is.ReplaceAllString(out, d.as)
		}
		came = append(came, out)
	}
	return came, printed
}

// addRobot makes the program that administers, and returns its secret.
func addRobot(t *testing.T, env []string) string {
	t.Helper()
	_, stdout, stderr := run(t, env, "client", "add", "--json", "--first-party", "--client-id", "robot",
		"--client-name", "Robot",
		"--grant-type", "client_credentials", "--scope", "admin")
	var c wire.Client
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || c.ClientSecret == "" {
		t.Fatal(stdout, stderr)
	}
	return c.ClientSecret
}

func TestEveryVerbDoesTheSameHoweverItReachesTheData(t *testing.T) {
	closed := []string{"LATCHKEY_ISSUER=http://" + addrtest.Address(t, "127.0.0.1"),
		"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	addRobot(t, closed)
	want, _ := do(t, closed)
	same := func(t *testing.T, got []string) {
		for i, s := range everyVerb {
			if got[i] != want[i] {
				t.Errorf("%s:\n%s\nbut in process:\n%s", s.args, got[i], want[i])
			}
		}
	}
	t.Run("socket", func(t *testing.T) {
		open := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
		s := serving(t, open...)
		go s.stderr.drain(t.Context())
		addRobot(t, open)
		got, _ := do(t, open)
		same(t, got)
		s.wait(t)
	})
	t.Run("network", func(t *testing.T) {
		open := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
		s := serving(t, append(open, "LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_LOG_FORMAT=json")...)
		go s.stderr.drain(t.Context())
		secret := addRobot(t, open)
		here := filepath.Join(t.TempDir(), "data")
		got, printed := do(t, []string{"LATCHKEY_DATA_DIR=" + here, "LATCHKEY_SERVER=" + s.url,
			"LATCHKEY_CLIENT_ID=robot", "LATCHKEY_CLIENT_SECRET=" + secret})
		same(t, got)
		s.wait(t)
		if _, err := os.Stat(here); err == nil {
			t.Error("this machine's own data was opened, or made")
		}
		for what, text := range map[string]string{"the verbs' output": printed, "the server's log": s.stderr.String()} {
			if strings.Contains(text, secret) || strings.Contains(text, "lk_at_") {
				t.Errorf("%s holds the client's secret, or a token", what)
			}
		}
		if !strings.Contains(s.stderr.String(), `"client_id":"robot"`) {
			t.Error("the log does not say who called")
		}
	})
}

func TestVerbsForThisMachineAreRefusedFromAnother(t *testing.T) {
	needs := map[string]string{"backup": " x", "restore": " x"}
	for words, place := range notFromAnywhere {
		if words == "help" || strings.HasPrefix(words, "completion") {
			continue
		}
		env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data"), "LATCHKEY_LISTEN=x"}
		args := strings.Fields(words + needs[words])
		if code, _, stderr := run(t, env, append(args, "--server", "https://id.example")...); code != exitUsage ||
			!strings.Contains(stderr, "not done over the network") {
			t.Errorf("%s --server: %d %s", words, code, stderr)
		}
		code, _, stderr := run(t, append(env, "LATCHKEY_SERVER=https://id.example"), args...)
		if refused := strings.Contains(stderr,
			"LATCHKEY_SERVER names a server"); refused != (place == placeMachine) || refused && code != exitUsage {
			t.Errorf("LATCHKEY_SERVER %s: %d %s", words, code, stderr)
		}
	}
}
