package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"latchkey/internal/browser"
)

// signIn fills and sends the sign-in form that tab shows.
func signIn(tab *browser.Tab, username, password string) {
	tab.Fill("#username", username)
	tab.Fill("#password", password)
	tab.Follow("#sign-in")
}

// resultOf reads what the app shows after a login.
func resultOf(t *testing.T, tab *browser.Tab) result {
	t.Helper()
	if !tab.Has("#result") {
		t.Fatalf("the app shows no result at %s:\n%s", tab.URL(), tab.Text("body"))
	}
	var out result
	if err := json.Unmarshal([]byte(tab.Text("#result")), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// look checks what every page must be, and takes pictures when asked for.
func look(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	tab.Fits(t, 320)
	tab.Axe(t)
	tab.Screenshot(name)
}

func TestANewcomerSetsUpAndAStandardClientSignsSomebodyIn(t *testing.T) {
	s := start(t)
	admin := browser.New(t, browser.Options{})
	admin.Goto(s.issuer + "/")
	look(t, admin, "home-before-set-up")
	admin.Goto(s.setUpLink())
	look(t, admin, "set-up")
	admin.Fill("#username", "root")
	admin.Fill("#password", "short")
	admin.Follow("button[type=submit]")
	if admin.Status() != http.StatusUnprocessableEntity || !strings.HasPrefix(admin.Title(), "Error: ") {
		t.Errorf("a short password: status %d, title %q", admin.Status(), admin.Title())
	}
	look(t, admin, "set-up-error")
	admin.Fill("#password", "nine brown otters dance")
	admin.Follow("button[type=submit]")
	if text := admin.Text("body"); !strings.Contains(text, "root") {
		t.Errorf("after set-up the page says:\n%s", text)
	}
	look(t, admin, "home-administrator")
	admin.Goto(s.setUpLink())
	look(t, admin, "set-up-used")

	s.addAda()
	a := plainApp(t, s, "profile", "email")
	person := browser.New(t, browser.Options{})
	person.Goto(a.URL)
	person.Follow("#login")
	look(t, person, "sign-in")
	signIn(person, "ada", "not her password at all")
	if person.Status() != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: status %d", person.Status())
	}
	look(t, person, "sign-in-wrong")
	signIn(person, "ADA@example.org", adaPassword)
	look(t, person, "consent")
	if text := person.Text("body"); !strings.Contains(text, "Event Calendar") || !strings.Contains(text, adaEmail) {
		t.Errorf("the consent page says:\n%s", text)
	}
	person.Follow("#allow")
	out := resultOf(t, person)
	if out.Userinfo["name"] != "Ada Lovelace" || out.Userinfo["email"] != adaEmail || out.Userinfo["email_verified"] != true {
		t.Errorf("userinfo: %v", out.Userinfo)
	}
	if out.IDToken["sub"] == "" || out.IDToken["sub"] != out.Userinfo["sub"] {
		t.Errorf("sub: %v and %v", out.IDToken["sub"], out.Userinfo["sub"])
	}
	person.Goto(s.issuer + "/")
	look(t, person, "home")
	if !strings.Contains(person.Text("body"), "Event Calendar") {
		t.Error("home does not show the app that was allowed")
	}

	// What she allowed she takes back.
	person.Follow(`a.row[href="/account"]`)
	look(t, person, "account")
	person.Follow(`a.row[href="/account/apps"]`)
	person.Click("details.app summary")
	look(t, person, "apps")
	person.Follow(`a[aria-label="Remove Event Calendar"]`)
	look(t, person, "app-remove")
	person.Follow("#remove")
	look(t, person, "app-removed")
	person.Goto(a.URL)
	person.Follow("#login")
	person.Follow("#allow") // asked again
	resultOf(t, person)

	// A second login is silent: a session, and consent that is remembered.
	person.Goto(a.URL)
	person.Follow("#login")
	if again := resultOf(t, person); again.IDToken["sub"] != out.IDToken["sub"] {
		t.Error("the second login is another person's")
	}

	person.Goto(s.issuer + "/sign-out")
	look(t, person, "sign-out")
	person.Follow("#sign-out")
	look(t, person, "signed-out")
	person.Goto(a.URL)
	person.Follow("#login")
	if !person.Has("#password") {
		t.Error("after sign-out the app still signs in silently")
	}
}

func TestTheLoginWorksWithoutScript(t *testing.T) {
	s := start(t)
	s.addAda()
	a := plainApp(t, s, "profile")
	tab := browser.New(t, browser.Options{NoScript: true, Width: 360})
	tab.Goto(a.URL)
	tab.Follow("#login")
	signIn(tab, "ada", adaPassword)
	tab.Follow("#allow")
	if !strings.Contains(tab.HTML(), "Ada Lovelace") {
		t.Errorf("the app shows:\n%s", tab.HTML())
	}
}

func TestANativeAppGetsItsCodeOnItsOwnSchemeAfterConsent(t *testing.T) {
	s := start(t)
	s.addAda()
	const uri = "com.example.calendar:/cb"
	a := newApp(t, s, []string{"openid", "profile"}, func(string) registered {
		return s.addClient("--client-name", "Pocket Calendar", "--redirect-uri", uri, "--application-type", "native",
			"--token-endpoint-auth-method", "none")
	})
	a.config.RedirectURL = uri
	tab := browser.New(t, browser.Options{})
	for range 2 { // asked each time: the scheme proves nothing about who listens
		tab.Goto(a.authURL())
		if tab.Has("#password") {
			signIn(tab, "ada", adaPassword)
		}
		tab.Click("#allow")
		sent, err := url.Parse(tab.WaitRequest(uri))
		if err != nil || sent.Query().Get("code") == "" || sent.Query().Get("state") != a.state {
			t.Fatalf("sent to %v: %v", sent, err)
		}
		token, err := a.config.Exchange(t.Context(), sent.Query().Get("code"), oauth2.VerifierOption(a.verifier))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.read(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		tab = tab.NewTab()
	}
}

func TestDenyAndCancelTellTheAppAndEndTheFlow(t *testing.T) {
	s := start(t)
	s.addAda()
	a := plainApp(t, s, "profile")
	tab := browser.New(t, browser.Options{})
	over := func(button string) {
		t.Helper()
		link := tab.URL()
		tab.Follow(button)
		if text := tab.Text("#error"); !strings.HasPrefix(text, "access_denied") {
			t.Errorf("after %s the app shows %q", button, text)
		}
		for _, again := range []struct {
			name string
			open func()
		}{{"Back", tab.Back}, {"the link", func() { tab.Goto(link) }}, {"the flow", func() { tab.Goto(link[:strings.LastIndex(link, "/")]) }}} {
			if again.open(); tab.Has("#allow") || tab.Has("#password") || !strings.Contains(tab.Text("h1"), "done already") {
				t.Errorf("%s after %s shows:\n%s", again.name, button, tab.Text("body"))
			}
		}
		tab.Problems() // Chromium notes each document that is not 200
	}
	tab.Goto(a.authURL())
	over("button[value=cancel]")
	tab.Goto(a.authURL())
	signIn(tab, "ada", adaPassword)
	over("#deny")
	tab.Goto(a.authURL()) // a new flow asks again
	tab.Follow("#allow")
	resultOf(t, tab)
	if len(a.codes) != 1 {
		t.Errorf("the app got %d codes", len(a.codes))
	}
}

func TestAFlowLinkOpenedInAnotherBrowserLeadsNowhere(t *testing.T) {
	s := start(t)
	s.addAda()
	a := plainApp(t, s, "profile")
	mine := browser.New(t, browser.Options{})
	mine.Goto(a.authURL())
	link := mine.URL()
	if !strings.Contains(link, "/flow/") {
		t.Fatalf("the sign-in page is at %s", link)
	}
	theirs := browser.New(t, browser.Options{})
	theirs.Goto(link)
	if theirs.Has("#password") || !strings.Contains(theirs.Text("h1"), "waited too long") {
		t.Errorf("another browser sees:\n%s", theirs.Text("body"))
	}
	look(t, theirs, "expired")
	// Nor with a session of its own.
	theirs.Goto(s.issuer + "/sign-in")
	signIn(theirs, "ada", adaPassword)
	theirs.Goto(strings.TrimSuffix(link, "/sign-in"))
	if !strings.Contains(theirs.Text("h1"), "waited too long") {
		t.Errorf("another browser, signed in, sees:\n%s", theirs.Text("body"))
	}
}

func TestBackReloadAndTabsNeverMakeASecondCode(t *testing.T) {
	s := start(t)
	s.addAda()
	a := plainApp(t, s, "profile")
	tab := browser.New(t, browser.Options{})
	tab.Goto(a.authURL())
	first := strings.TrimSuffix(tab.URL(), "/sign-in")
	other := tab.NewTab()
	signIn(tab, "ada", adaPassword)
	tab.Reload()
	if !tab.Has("#allow") {
		t.Fatalf("a reloaded consent page:\n%s", tab.Text("body"))
	}
	// The same flow in a second tab of the same browser is the same flow.
	other.Goto(first)
	if !other.Has("#allow") {
		t.Errorf("the second tab shows:\n%s", other.Text("body"))
	}
	tab.Follow("#allow")
	resultOf(t, tab)
	other.Follow("#allow")
	look(t, other, "finished")
	if !strings.Contains(other.Text("h1"), "done already") {
		t.Errorf("Allow pressed in the second tab:\n%s", other.Text("body"))
	}
	tab.Back()
	if tab.Has("#allow") || !strings.Contains(tab.Text("h1"), "done already") {
		t.Errorf("after Back:\n%s", tab.Text("body"))
	}
	tab.Goto(first)
	if !strings.Contains(tab.Text("h1"), "done already") {
		t.Errorf("a finished flow opened again:\n%s", tab.Text("body"))
	}
	if len(a.codes) != 1 {
		t.Errorf("the app got %d codes", len(a.codes))
	}
}

func TestErrorPagesSayWhoseTurnItIs(t *testing.T) {
	s := start(t)
	s.addAda()
	a := plainApp(t, s)
	tab := browser.New(t, browser.Options{})
	for name, c := range map[string]struct {
		url    string
		status int
		says   string
	}{
		"error-redirect": {a.authURL(oauth2.SetAuthURLParam("redirect_uri", "https://evil.example/cb")), 400, "has not registered"},
		"error-client":   {a.authURL(oauth2.SetAuthURLParam("client_id", "nobody")), 400, "do not know this app"},
		"error-404":      {s.issuer + "/nothing/here", 404, "no such page"},
		"error-recover":  {s.issuer + "/recover?token=x", 404, "does not work"},
		"error-expired":  {s.issuer + "/flow/0190a4c8-0000-7000-8000-000000000000", 410, "waited too long"},
	} {
		tab.Goto(c.url)
		if tab.Status() != c.status || !strings.Contains(tab.Text("body"), c.says) {
			t.Errorf("%s: status %d\n%s", name, tab.Status(), tab.Text("body"))
		}
		look(t, tab, name)
	}
	tab.Problems() // Chromium notes each document that is not 200
	s.cli("", "client", "edit", a.config.ClientID, "--state", "suspended")
	tab.Goto(a.authURL())
	if tab.Status() != http.StatusForbidden {
		t.Errorf("a suspended app: status %d\n%s", tab.Status(), tab.Text("body"))
	}
	look(t, tab, "suspended")
	tab.Problems()
}
