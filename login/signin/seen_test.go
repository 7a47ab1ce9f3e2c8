package signin_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

// sessionCookie is the one that an answer to signing in sets.
func (b *browser) signInCookie(fields ...string) *http.Cookie {
	b.h.t.Helper()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { b.client.CheckRedirect = nil }()
	p := b.post("/sign-in", append([]string{"password", password}, fields...)...)
	for _, c := range (&http.Response{Header: p.header}).Cookies() {
		if c.Name == "latchkey-session" {
			return c
		}
	}
	b.h.t.Fatalf("no session: %d\n%s", p.status, p.body)
	return nil
}

func TestWithoutKeepMeSignedInASignInEndsWithTheBrowserOrAfterHalfADay(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	h.addUser("bob")
	b := h.browser()
	b.get("/sign-in")
	if c := b.signInCookie("username", "ada", "keep", "yes"); c.MaxAge != 30*24*3600 {
		t.Errorf("kept for %d seconds", c.MaxAge)
	}
	if c := b.signInCookie("username", "bob"); c.MaxAge != 0 {
		t.Errorf("one asked to be kept, the other did not: kept for %d seconds", c.MaxAge)
	}
	h.pass(people.ShortSession)
	if p := b.get("/"); !strings.Contains(p.body, "The ada") || strings.Contains(p.body, "Switch account") {
		t.Errorf("half a day later:\n%s", p.body)
	}
}

func TestSigningInAgainLastsAsLongAsItAskedForThisTime(t *testing.T) {
	for name, test := range map[string]struct {
		first, again []string
		later        time.Duration
		in           bool
	}{
		"short, then kept": {nil, []string{"keep", "yes"}, people.ShortSession, true},
		"kept, then short": {[]string{"keep", "yes"}, nil, people.ShortSession, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.addUser("ada")
			b := h.browser()
			b.get("/sign-in")
			b.post("/sign-in", append([]string{"username", "ada", "password", password}, test.first...)...)
			h.pass(time.Hour)
			b.post("/sign-in", append([]string{"username", "ada", "password", password}, test.again...)...)
			h.pass(test.later)
			if p := b.get("/"); strings.Contains(p.body, "The ada") != test.in {
				t.Errorf("signed in: %v", !test.in)
			}
		})
	}
}

func TestConsentNamesAllThatTheAppWouldSee(t *testing.T) {
	h := newHouse(t)
	u := h.addUser("ada")
	profile := people.Profile{Name: "Ada Lovelace", Nickname: "Enchantress", Gender: "female", Birthdate: "1815-12-10",
		Website: "https://ada.example", PhoneNumber: "+441234", Address: people.Address{Country: "Freedonia"}}
	if _, err := h.store.Users.Change(context.Background(), storage.Operator, u.ID,
		people.UserChange{Profile: &profile}); err != nil {
		t.Fatal(err)
	}
	c := h.addClient(func(m *apps.Metadata) { m.Scopes = []string{"openid", "profile", "email", "phone", "address"} })
	b := h.browser()
	p := b.get(h.authorize(c, "scope", "openid profile email phone address"))
	p = b.signIn(p.at, "ada")
	text := html.UnescapeString(p.body)
	for _, want := range []string{"Ada Lovelace", "Enchantress", "female", "1815-12-10", "https://ada.example",
		"+441234", "Freedonia", "ada@example.org",
		"E-mail address confirmed:", "Phone number confirmed:", "Profile last changed:"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "eviewed") {
		t.Error("somebody reviewed the app, says the page")
	}
	b.allow(p)
}

func TestSignOutNamesAllWhomItSignsOut(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.get("/sign-in")
	for _, name := range []string{"ada", "bob", "eve"} {
		h.addUser(name)
		b.signIn("/sign-in", name)
	}
	p := b.get("/sign-out")
	for _, want := range []string{"The ada", "The bob", "The eve", "Sign out of all 3 accounts"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the page lacks %q:\n%s", want, p.body)
		}
	}
}

func TestChoosingAnAccountCannotSignOneOut(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.get("/sign-in")
	for _, name := range []string{"ada", "bob"} {
		h.addUser(name)
		b.signIn("/sign-in", name)
	}
	c := h.addClient(nil)
	for _, at := range []string{"/choose-account", b.get(h.authorize(c)).at} {
		p := b.get(at)
		if strings.Contains(p.body, `name="sign_out"`) || !strings.Contains(p.body, at+`/sign-out"`) {
			t.Errorf("%s:\n%s", at, p.body)
		}
		if p := b.get(at + "/sign-out"); p.status != http.StatusOK || strings.Count(p.body, `name="sign_out"`) != 3 {
			t.Errorf("%s/sign-out: %d\n%s", at, p.status, p.body)
		}
	}
}

func TestSigningInAgainNamesWhoIsAskedFor(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c := h.addClient(nil)
	b := h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	if p := b.get(h.authorize(c, "prompt", "login")); !strings.Contains(p.body, `value="ada"`) ||
		!strings.Contains(p.body, `value="yes" aria-describedby="keep-hint" checked`) {
		t.Errorf("%s\n%s", p.at, p.body)
	}
}

func TestSetUpSaysAllThatIsWrongAtOnce(t *testing.T) {
	for name, typed := range map[string][2]string{
		"empty":         {"", "nonsense"},
		"not allowed":   {"a b", "nonsense"},
		"mixed scripts": {"ad\u0430", "nonsense"},
		"taken":         {"grace", "grace@example.org"},
	} {
		h := newHouse(t)
		h.addUser("grace")
		token := h.link(people.LinkSetUp, storage.ID{})
		p := h.browser().post("/setup", "token", token, "username", typed[0], "email", typed[1], "password", "short")
		for _, field := range []string{"username", "email", "password"} {
			if !strings.Contains(p.body, `href="#`+field+`"`) {
				t.Errorf("%s: nothing is said of the %s:\n%s", name, field, p.body)
			}
		}
	}
}

func TestARequestThatCannotBeAnsweredSaysWhatKindOfFaultItHas(t *testing.T) {
	h := newHouse(t)
	// Errors of a public client's request are shown, not sent.
	c, err := h.store.Clients.Create(context.Background(), storage.Operator, apps.NewClient{Metadata: apps.Metadata{
		ClientName: "Event Calendar", RedirectURIs: []string{callback}, TokenEndpointAuthMethod: "none"}})
	if err != nil {
		t.Fatal(err)
	}
	for want, query := range map[string]url.Values{
		"The app asked for a kind of answer that we do not give.": {"response_type": {"id_token"}},
		"something is missing, sent twice, or not as it must be":  {"response_type": {"code"}},
		"The app sent an address it has not registered": {"response_type": {"code"},
			"redirect_uri": {"https://evil.example/"}},
	} {
		q := url.Values{"client_id": {c.ID}, "redirect_uri": {callback}, "scope": {"openid"}, "state": {"s"}}
		for k, v := range query {
			q[k] = v
		}
		p := h.browser().get("/connect/authorize?" + q.Encode())
		if plain, _, _ := strings.Cut(p.body, "<details"); p.status != http.StatusBadRequest ||
			!strings.Contains(plain, want) {
			t.Errorf("%v: %d at %s\n%s", query, p.status, p.at, p.body)
		}
	}
}
