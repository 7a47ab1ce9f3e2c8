package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/server"
)

// What is not UTF-8 would be repaired on its way into JSON: two passwords become one.
func TestTextsThatAreNotUTF8AreRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := "LATCHKEY_DATA_DIR=" + filepath.Join(dir, "data")
	add := []string{"user", "add", "--username", "ada"}
	for name, c := range map[string]struct {
		args  []string
		stdin string
		env   string
		code  int
		says  string
	}{
		"an argument": {[]string{"user", "add", "--username", "ada\xff"}, "", "", exitUsage,
			"argument 4 is not UTF-8"},
		"a password": {append(add, "--password-stdin"), "pass\xffword pass\xffword", "", exitFailed,
			"password on standard input is not UTF-8"},
		"claims":        {append(add, "--claims-json", "-"), "{\"name\":\"\xff\"}", "", exitFailed, "not UTF-8"},
		"half a pair":   {append(add, "--claims-json", "-"), `{"name":"\ud800"}`, "", exitFailed, "surrogate"},
		"a claim twice": {append(add, "--claims-json", "-"), `{"name":"a","name":"b"}`, "", exitFailed, "twice"},
		"a configuration": {append(add, "--config",
			file("c", "issuer: http://localhost\nbranding:\n  name: \xff\n")), "", "", exitConfig,
			"line 3: this is not UTF-8"},
		"a variable": {add, "", "LATCHKEY_BRANDING_NAME=\xff", exitConfig,
			"LATCHKEY_BRANDING_NAME: this is not UTF-8"},
		"an import": {[]string{"user", "import", "-"}, `{"username":"eve","username":"bob"}`, "", exitFailed, ""},
	} {
		var out, faults strings.Builder
		code := Run(t.Context(), c.args, strings.NewReader(c.stdin), &out, &faults, []string{data, c.env})
		if code != c.code || !strings.Contains(faults.String(), c.says) {
			t.Errorf("%s: exit code %d, said %s%s", name, code, &out, &faults)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		var out, faults strings.Builder
		Run(t.Context(), []string{"user", "list"}, strings.NewReader(""), &out, &faults, []string{data})
		if strings.Contains(out.String(), "ada") || strings.Contains(out.String(), "eve") {
			t.Errorf("%s", &out)
		}
	}
}

// Some editors and shells begin a text with one.
func TestAByteOrderMarkIsNoPartOfAText(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte("\ufeffdata_dir: data\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		stdin string
	}{
		{[]string{"user", "add", "--username", "ada", "--password-stdin"}, "\ufeffseven green parrots\r\n"},
		{[]string{"user", "edit", "ada", "--claims-json", "-"}, "\ufeff{\"name\":\"Ada\"}"},
	} {
		var out, faults strings.Builder
		if code := Run(t.Context(), append(c.args, "--config", file), strings.NewReader(c.stdin), &out, &faults,
			nil); code != exitDone {
			t.Errorf("%v: exit code %d, %s", c.args, code, &faults)
		}
	}
	c, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := server.Open(t.Context(), c, server.ServeWait)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	u, err := h.Store.Users.ByLogin(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Hasher.Verify(t.Context(), u.ID[:], u.Password, "seven green parrots"); !ok || err != nil {
		t.Errorf("the password is another one: %v", err)
	}
}
