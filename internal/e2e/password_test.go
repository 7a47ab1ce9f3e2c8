package e2e

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/browser"
)

const adaNewPassword = "eleven purple foxes whistle"

// From where a password manager begins to a device that is signed out.
func TestASignedInPersonChangesThePassword(t *testing.T) {
	s := start(t)
	s.addAda()
	phone := browser.New(t, browser.Options{})
	phone.Goto(s.issuer + "/sign-in")
	signIn(phone, "ada", adaPassword)

	tab := browser.New(t, browser.Options{})
	tab.Goto(s.issuer + "/.well-known/change-password")
	if !strings.HasPrefix(tab.URL(), s.issuer+"/sign-in?") {
		t.Fatalf("whoever is not signed in comes to %s", tab.URL())
	}
	look(t, tab, "sign-in-to-change-password")
	signIn(tab, "ada", adaPassword)
	if tab.URL() != s.issuer+"/account/password" {
		t.Fatalf("after signing in at %s", tab.URL())
	}
	look(t, tab, "change-password")
	tab.Fill("#current-password", "not her password at all")
	tab.Fill("#new-password", adaNewPassword)
	tab.Follow("#change")
	if tab.Status() != http.StatusUnprocessableEntity || !strings.HasPrefix(tab.Title(), "Error: ") {
		t.Errorf("a wrong password: status %d, title %q", tab.Status(), tab.Title())
	}
	if got := browser.Eval[string](tab, `document.querySelector("#current-password").value + document.querySelector("#new-password").value`); got != "" {
		t.Errorf("passwords are given back: %q", got)
	}
	look(t, tab, "change-password-error")
	tab.Problems() // Chromium notes each document that is not 200
	tab.Fill("#current-password", adaPassword)
	tab.Fill("#new-password", adaNewPassword)
	tab.Follow("#change")
	if text := tab.Text("[role=status]"); text != "Password changed. You were signed out on 1 other device." {
		t.Errorf("it says %q at %s", text, tab.URL())
	}
	look(t, tab, "password-changed")
	tab.Reload()
	if tab.Has("[role=status]") || !tab.Has(".menu") {
		t.Errorf("after a reload:\n%s", tab.Text("body"))
	}
	phone.Goto(s.issuer + "/")
	if phone.Has(".menu") {
		t.Error("the other device is still signed in")
	}
	phone.Goto(s.issuer + "/sign-in")
	signIn(phone, "ada", adaNewPassword)
	if !phone.Has(".menu") {
		t.Errorf("the new password does not sign in:\n%s", phone.Text("body"))
	}
}

func TestThePasswordChangesWithoutScriptAndOnlyWhenAsked(t *testing.T) {
	s := start(t)
	s.addAda()
	phone := browser.New(t, browser.Options{})
	phone.Goto(s.issuer + "/sign-in")
	signIn(phone, "ada", adaPassword)

	tab := browser.New(t, browser.Options{NoScript: true, Width: 360})
	tab.Goto(s.issuer + "/sign-in")
	signIn(tab, "ada", adaPassword)
	tab.Click(".menu summary")
	tab.Follow(`.menu a[href="/account"]`)
	tab.Follow(`a.row[href="/account/security"]`)
	tab.Follow(`a[href="/account/password"]`)
	tab.Click("#everywhere")
	tab.Fill("#current-password", adaPassword)
	tab.Fill("#new-password", adaNewPassword)
	tab.Follow("#change")
	if !strings.Contains(tab.HTML(), "<p>Password changed.</p>") {
		t.Errorf("after the change:\n%s", tab.HTML())
	}
	phone.Goto(s.issuer + "/")
	if !phone.Has(".menu") {
		t.Error("with the box cleared the other device was signed out")
	}
}

// A password manager trusts the well-known address only if addresses that do not exist
// are not there (A Well-Known URL for Changing Passwords, and its companion on the
// reliability of status codes).
func TestAddressesThatDoNotExistAreNotThere(t *testing.T) {
	s := start(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]int{
		"/.well-known/change-password": http.StatusSeeOther,
		"/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200": http.StatusNotFound,
	} {
		res, err := client.Get(s.issuer + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}
