package e2e

import (
	"strings"
	"testing"

	"latchkey/internal/browser"
)

// TestTracesShowWhereALoginSpendsItsTime signs somebody in to an app and looks at
// what the collector has been told of it.
func TestTracesShowWhereALoginSpendsItsTime(t *testing.T) {
	c := newTraceCollector(t)
	s := start(t, "LATCHKEY_TRACES_ENDPOINT="+c.URL)
	s.addAda()
	a := plainApp(t, s, "profile")
	person := browser.New(t, browser.Options{})
	person.Goto(a.authURL())
	signIn(person, "ada", adaPassword)
	person.Follow("#allow")
	resultOf(t, person)
	s.stop() // sends what is left

	trees := strings.Join(c.trees(), "\n")
	for what, want := range map[string]string{
		"hashing":    "keys.wait, keys.hash",
		"the commit": "(kv.wait, kv.commit)",
		"redemption": "storage.Grants.Redeem (kv.wait, kv.commit), keys.wait, keys.sign RS256",
		"discovery":  "GET /.well-known/openid-configuration",
	} {
		if !strings.Contains(trees, want) {
			t.Errorf("%s: %q is not in\n%s", what, want, trees)
		}
	}
	got := c.attributes("POST /connect/token")
	id := got["latchkey.request_id"]
	if got["http.request.method"] != "POST" || got["http.route"] != "/connect/token" || got["http.response.status_code"] != "200" || id == "" {
		t.Errorf("the token request is %v", got)
	}
	if !strings.Contains(s.log.String(), "request_id="+id+" trace_id=") {
		t.Errorf("the log record of %s does not name its trace", id)
	}
	t.Log(trees)
}
