package e2e

import (
	"testing"
	"time"

	"golang.org/x/oauth2"

	"latchkey/internal/browser"
)

func TestAStandardClientRefreshesOverAPowerCut(t *testing.T) {
	s := start(t)
	s.addAda()
	a := newApp(t, s, []string{"openid", "profile", "offline_access"}, func(uri string) registered {
		return s.addClient("--client-name", "Event Calendar", "--redirect-uri", uri,
			"--grant-type", "authorization_code", "--grant-type", "refresh_token")
	})
	tab := browser.New(t, browser.Options{})
	tab.Goto(a.authURL())
	signIn(tab, "ada", adaPassword)
	tab.Follow("#allow")
	resultOf(t, tab)
	first := a.token
	if first.RefreshToken == "" {
		t.Fatal("no refresh token")
	}
	refresh := func(old *oauth2.Token) *oauth2.Token {
		t.Helper()
		expired := *old
		expired.Expiry = time.Now().Add(-time.Minute)
		fresh, err := a.config.TokenSource(t.Context(), &expired).Token()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(fresh)); err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	second := refresh(first)
	if second.RefreshToken == first.RefreshToken {
		t.Error("the refresh token was not replaced")
	}
	s.kill() // the app has lost the answer, too
	s.serve()
	if again := refresh(first); again.RefreshToken != second.RefreshToken {
		t.Error("after a power cut the chain goes on elsewhere")
	}
	third := refresh(second)
	// Signing out does not end what was allowed to last.
	tab.Goto(s.issuer + "/sign-out")
	tab.Follow("#sign-out")
	refresh(third)
}
