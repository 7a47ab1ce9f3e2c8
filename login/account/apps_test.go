package account_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// connect lets a user allow an app something, as a sign-in to it does.
func (h *house) connect(u *people.User, name string, scopes ...string) *apps.Client {
	h.t.Helper()
	ctx := context.Background()
	c, err := h.store.Clients.Create(ctx, storage.Operator, apps.NewClient{Secret: []byte("hash"),
		Metadata: apps.Metadata{ClientName: name, RedirectURIs: []string{"https://app.example/cb"}}})
	if err != nil {
		h.t.Fatal(err)
	}
	v, err := h.store.Sessions.Start(ctx, people.NewSession{User: u.ID, UserEpoch: u.Epoch})
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = h.store.Grants.Create(ctx, grants.NewGrant{ClientRevision: c.Revision,
		Consented: &grants.ConsentChange{Scopes: scopes, Claims: []string{"birthdate"}},
		Grant: grants.Grant{ID: h.store.Grants.NewID(), User: u.ID, ClientID: c.ID, Session: v.ID, Scopes: scopes,
			RedirectURI: "https://app.example/cb", CodeHash: []byte("code")}})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// allows reports whether a user allows an app something.
func (h *house) allows(u *people.User, c *apps.Client) bool {
	h.t.Helper()
	apps, err := h.store.Consents.OfUser(context.Background(), u.ID, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, a := range apps {
		if a.Client.ID == c.ID {
			return true
		}
	}
	return false
}

func TestAnAppIsRemovedAfterAQuestionAndNoOther(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada, bob := h.addUser("ada"), h.addUser("bob")
	calendar := h.connect(ada, "Event <b>Calendar</b>", "openid", "email")
	bazaar := h.connect(ada, "Bazaar", "openid")
	b := h.signedIn("ada")
	p := b.get("/account/apps")
	for _, want := range []string{"Event &lt;b&gt;Calendar&lt;/b&gt;", "Bazaar", "See your e-mail address",
		"See your date of birth", "1 March 2026", "ada@example.org"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the list lacks %q:\n%s", want, p.body)
		}
	}
	p = b.get("/account/apps/remove?" + url.Values{"app": {calendar.ID}, "account": {ada.Subject()}}.Encode())
	if p.status != http.StatusOK || !strings.Contains(p.body, "loses its access to your account at once") ||
		!h.allows(ada, calendar) {
		t.Fatalf("%d\n%s", p.status, p.body)
	}
	// A form about somebody who is not signed in here.
	if p := b.post("/account/apps/remove", "account", bob.Subject(), "app", calendar.ID); !h.allows(ada,
		calendar) || !strings.HasPrefix(p.at, "/sign-in") {
		t.Errorf("bob's form: at %s", p.at)
	}
	p = b.post("/account/apps/remove", "account", ada.Subject(), "app", calendar.ID)
	if p.at != "/account/apps" || !strings.Contains(p.body, `role="status"`) ||
		strings.Contains(p.body, "Calendar") || h.allows(ada, calendar) || !h.allows(ada, bazaar) {
		t.Errorf("%d at %s\n%s", p.status, p.at, p.body)
	}
	if p := b.post("/account/apps/remove", "account", ada.Subject(), "app", calendar.ID); p.at != "/account/apps" ||
		strings.Contains(p.body, `role="status"`) {
		t.Errorf("a second time: %d at %s", p.status, p.at)
	}
	if p := b.get("/account/apps/remove?app=nonsense&account=" + ada.Subject()); p.at != "/account/apps" {
		t.Errorf("an app that is none: at %s", p.at)
	}
}

func TestAppsAreTheOwnersToSeeAndToRemove(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	h.addUser("eve")
	calendar := h.connect(ada, "Event Calendar", "openid")
	for _, path := range []string{"/account/apps", "/account/apps/remove?app=" + calendar.ID} {
		if p := h.browser().get(path); p.at != "/sign-in?return_to=%2Faccount%2Fapps" {
			t.Errorf("%s, not signed in: at %s", path, p.at)
		}
	}
	eve := h.signedIn("eve")
	if p := eve.get("/account/apps"); strings.Contains(p.body, "Event Calendar") ||
		!strings.Contains(p.body, "No apps yet") {
		t.Errorf("eve sees:\n%s", p.body)
	}
	eve.post("/account/apps/remove", "account", ada.Subject(), "app", calendar.ID)
	r, _ := http.NewRequest(http.MethodPost, h.url+"/account/apps/remove",
		strings.NewReader("account="+ada.Subject()+"&app="+calendar.ID))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", "https://evil.example")
	if p := h.signedIn("ada").do(r); p.status != http.StatusForbidden || !h.allows(ada, calendar) {
		t.Errorf("%d", p.status)
	}
}

func TestAnAppThatAsksNobodyIsSaidToComeBack(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	forum := h.connect(ada, "Forum", "openid")
	ctx := context.Background()
	m := forum.Metadata
	m.Consent = apps.ConsentSkip
	if _, err := h.store.Clients.SetFirstParty(ctx, storage.Operator, forum.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Clients.Change(ctx, storage.Operator, forum.ID, 0, m); err != nil {
		t.Fatal(err)
	}
	b := h.signedIn("ada")
	for _, p := range []seen{b.get("/account/apps/remove?" + url.Values{"app": {forum.ID},
		"account": {ada.Subject()}}.Encode()),
		b.post("/account/apps/remove", "account", ada.Subject(), "app", forum.ID)} {
		if !strings.Contains(p.body, "access again") {
			t.Errorf("at %s:\n%s", p.at, p.body)
		}
	}
}

func TestPagesOfTheAccountShareOneListOfSections(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	h.addUser("ada")
	b := h.signedIn("ada")
	for path, current := range map[string]string{"/account": "/account", "/account/apps": "/account/apps",
		"/account/security": "/account/security",
		"/account/password": "/account/security"} {
		p := b.get(path)
		if p.status != http.StatusOK || !strings.Contains(p.body, `<body class="wide`) ||
			!strings.Contains(p.body, `<a href="`+current+`" aria-current="page">`) {
			t.Errorf("%s: %d\n%s", path, p.status, p.body)
		}
		if p := h.browser().get(path); p.at != "/sign-in?return_to="+url.QueryEscape(path) {
			t.Errorf("%s, not signed in: at %s", path, p.at)
		}
	}
}
