package cli

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/op/oauth"
)

// An app may be registered for an algorithm as soon as the settings enable it, so the
// key must be there as soon.
func TestSigningKeysFollowTheSettingsAtOnce(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	s := serving(t, env...)
	published := func() string {
		res, err := http.Get(s.url + oauth.PathJWKS)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, step := range []struct {
		set  string
		want bool
	}{{"RS256,EdDSA", true}, {"RS256", false}} {
		if code, _, stderr := run(t, env, "setting", "set", "signing_algorithms="+step.set); code != exitDone {
			t.Fatal(stderr)
		}
		if got := published(); strings.Contains(got, `"EdDSA"`) != step.want {
			t.Errorf("with %s the key set is %s", step.set, got)
		}
	}
	s.wait(t)
}
