package e2e

import (
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/browser"
)

// TestNeitherLogNorTracesHoldASecret walks through set-up, a wrong and a right
// sign-in, consent, a recovery and some requests that carry secrets where they do
// not belong, and looks for every one of them in the log at debug level and in what
// is traced. Of people and their browsers a trace says nothing either.
func TestNeitherLogNorTracesHoldASecret(t *testing.T) {
	c := newTraceCollector(t)
	s := start(t, "LATCHKEY_TRACES_ENDPOINT="+c.URL)
	secrets := map[string]string{}
	keep := func(what, value string) {
		if len(value) < 12 {
			t.Fatalf("%s is %q: too short to look for", what, value)
		}
		secrets[what] = value
	}
	tab := browser.New(t, browser.Options{})
	link, err := url.Parse(s.setUpLink())
	if err != nil {
		t.Fatal(err)
	}
	keep("set-up token", link.Query().Get("token"))
	tab.Goto(link.String())
	tab.Fill("#username", "root")
	tab.Fill("#password", "nine brown otters dance")
	tab.Follow("button[type=submit]")
	keep("administrator's password", "nine brown otters dance")

	s.addAda()
	keep("user's password", adaPassword)
	a := plainApp(t, s, "profile")
	keep("client secret", a.config.ClientSecret)
	person := browser.New(t, browser.Options{})
	person.Goto(a.authURL())
	signIn(person, "ada", "a mistyped password")
	keep("mistyped password", "a mistyped password")
	signIn(person, "ada", adaPassword)
	person.Follow("#allow")
	out := resultOf(t, person)
	keep("access token", out.Access)
	keep("code", a.codes[0])
	keep("code verifier", a.verifier)
	keep("state", a.state)
	keep("nonce", a.nonce)
	for _, c := range append(tab.Cookies(), person.Cookies()...) {
		keep("cookie "+c.Name+c.Path, c.Value)
	}
	recovery := s.cli("", "user", "recovery-link", "ada")
	for _, word := range strings.Fields(recovery) {
		if u, err := url.Parse(word); err == nil && u.Query().Get("token") != "" {
			keep("recovery token", u.Query().Get("token"))
			person.Goto(word)
			person.Goto(s.issuer + "/" + u.Query().Get("token")) // mistyped into the path
		}
	}
	if secrets["recovery token"] == "" {
		t.Fatalf("no recovery link in %q", recovery)
	}
	// Secrets where they do not belong.
	for _, path := range []string{
		"/connect/token?client_secret=" + a.config.ClientSecret + "&code=" + a.codes[0],
		"/connect/userinfo?access_token=" + out.Access,
		"/connect/authorize?client_id=" + a.config.ClientSecret,
		"/flow/" + a.codes[0] + "/sign-in",
	} {
		person.Goto(s.issuer + path)
	}
	person.Problems()
	s.stop()
	log := s.log.String()
	if !strings.Contains(log, "/connect/token") {
		t.Fatalf("the log does not look like one:\n%s", log)
	}
	traced := c.text()
	if !strings.Contains(traced, "/connect/token") {
		t.Fatalf("these do not look like traces:\n%s", traced)
	}
	for what, value := range secrets {
		if strings.Contains(log, value) || strings.Contains(log, url.QueryEscape(value)) {
			t.Errorf("the log holds the %s", what)
		}
		if strings.Contains(traced, value) || strings.Contains(traced, url.QueryEscape(value)) {
			t.Errorf("a trace holds the %s", what)
		}
	}
	for _, word := range []string{"ada", "Ada", "Mozilla", "127.0.0.1", a.config.ClientID, "mistyped"} {
		if strings.Contains(traced, word) {
			t.Errorf("a trace holds %q", word)
		}
	}
}
