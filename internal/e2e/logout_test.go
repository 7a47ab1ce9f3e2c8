package e2e

import (
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"latchkey/internal/browser"
)

// leavingApp is an app that signs people out at the provider too.
func leavingApp(t *testing.T, s *server) *app {
	t.Helper()
	return newApp(t, s, []string{"openid", "profile"}, func(uri string) registered {
		return s.addClient("--client-name", "Event Calendar", "--redirect-uri", uri,
			"--post-logout-redirect-uri", strings.Replace(uri, "/cb", "/bye", 1))
	})
}

func TestSigningOutAtTheAppSignsOutHereAndComesBack(t *testing.T) {
	s := start(t)
	s.addAda()
	a := leavingApp(t, s)
	none := oauth2.SetAuthURLParam("prompt", "none")
	tab := browser.New(t, browser.Options{})
	login := func() {
		t.Helper()
		tab.Goto(a.authURL())
		signIn(tab, "ada", adaPassword)
		if tab.Has("#allow") {
			tab.Follow("#allow")
		}
		resultOf(t, tab)
	}
	cameBack := func() {
		t.Helper()
		if !tab.Has("#bye") || tab.Text("#bye") != "true" {
			t.Fatalf("not back at the app with its state, but at %s:\n%s", tab.URL(), tab.Text("body"))
		}
	}
	silently := func() {
		t.Helper()
		tab.Goto(a.authURL(none))
		if text := tab.Text("#error"); !strings.HasPrefix(text, "login_required") {
			t.Errorf("prompt=none after sign-out: %q", text)
		}
		tab.Problems() // the app's answer is a 400
	}

	login()
	tab.Follow("#logout")
	cameBack()
	silently()

	login() // and by a form, which another origin posts
	tab.Follow("#logout-form")
	tab.Follow("#send")
	cameBack()
	silently()

	// Signed in anew: the app's hint names the session before, so there is a
	// question, and the answer leads to the other origin.
	login()
	old := a.idToken
	tab.Goto(s.issuer + "/sign-out")
	tab.Follow("#sign-out")
	login()
	a.idToken = old
	tab.Follow("#logout")
	look(t, tab, "sign-out-app")
	if text := tab.Text("body"); !strings.Contains(text, "Event Calendar") || !strings.Contains(text, "Ada Lovelace") {
		t.Errorf("the question:\n%s", text)
	}
	tab.Follow("#sign-out")
	cameBack()
	silently()
}
