package signin_test

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
)

var alertText = regexp.MustCompile(`(?s)role="alert".*?<ul>(.*?)</ul>`)

// alert is what a page says went wrong, as text; empty: nothing.
func (s seen) alert() string {
	m := alertText.FindStringSubmatch(s.body)
	if m == nil {
		return ""
	}
	return strings.TrimSpace(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], "")))
}

func TestWhoSignsInAsAnotherThanTheAppAsksForIsToldSoAndHasAWayOn(t *testing.T) {
	h := newHouse(t)
	ada := h.addUser("ada")
	h.addUser("bob")
	c := h.addClient(nil)
	ask := h.authorize(c, "claims", `{"id_token":{"sub":{"value":"`+ada.Subject()+`"}}}`)

	b := h.browser()
	p := b.get(ask)
	if p.alert() != "" {
		t.Errorf("before anybody did anything: %q", p.alert())
	}
	p = b.signIn(p.at, "bob")
	if want := "Event Calendar asks for another account than The bob. Sign in with that one, or cancel to go back to the app."; p.alert() != want ||
		!strings.HasSuffix(p.at, "/sign-in") || !strings.Contains(p.body, "<title>Error: ") {
		t.Errorf("as Bob: %q at %s", p.alert(), p.at)
	}
	if strings.Contains(strings.ToLower(p.body), "ada") {
		t.Errorf("the page tells whom the app asks for:\n%s", p.body)
	}
	if out := b.post(p.at, "action", "cancel"); out.failure() != "access_denied" {
		t.Errorf("Cancel: %v", out.left)
	}

	p = b.get(ask) // Bob is signed in, and has done nothing wrong
	if p.alert() != "" || !strings.Contains(p.body, "asks for an account that is not signed in here") ||
		strings.Contains(p.body, "To be sure that it is you") {
		t.Errorf("with Bob signed in: %q\n%s", p.alert(), p.body)
	}
	if p = b.signIn(p.at, "ada"); !strings.HasSuffix(p.at, "/consent") || p.alert() != "" {
		t.Errorf("as Ada: %q at %s", p.alert(), p.at)
	}
}

func TestWhoIsWantedAndSignedInHereIsOneButtonAway(t *testing.T) {
	h := newHouse(t)
	ada := h.addUser("ada")
	h.addUser("bob")
	c, b := h.addClient(nil), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	b.signIn("/sign-in", "bob")
	p := b.get(h.authorize(c, "prompt", "select_account", "claims",
		`{"id_token":{"sub":{"value":"`+ada.Subject()+`"}}}`))
	p = b.post(p.at, "account", b.accounts(p)["The bob"])
	if want := "Event Calendar asks for another account than The bob. Continue as The ada, or cancel to go back to the app."; p.alert() != want {
		t.Fatalf("%q at %s", p.alert(), p.at)
	}
	button := regexp.MustCompile(`action="([^"]+)">\s*<p class="actions"><button class="button second" id="instead" type="submit" name="account" value="([^"]+)"`).FindStringSubmatch(p.body)
	if button == nil {
		t.Fatalf("no button:\n%s", p.body)
	}
	if p = b.post(button[1], "account", button[2]); !strings.HasSuffix(p.at, "/consent") {
		t.Errorf("as Ada: at %s", p.at)
	}
}

func TestWhoWasSignedOutWhileTheConsentPageWasOpenIsToldSo(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(nil), h.browser()
	consent := b.signIn(b.get(h.authorize(c)).at, "ada")
	b.post("/sign-out", "action", "sign-out") // in another tab
	p := b.allow(consent)
	if want := "You were signed out while this was open. Sign in again to go on."; p.alert() != want ||
		!strings.HasSuffix(p.at, "/sign-in") {
		t.Errorf("%q at %s", p.alert(), p.at)
	}
	if p = b.signIn(p.at, "ada"); p.alert() != "" || !strings.HasSuffix(p.at, "/consent") {
		t.Errorf("signed in again: %q at %s", p.alert(), p.at)
	}
}

func TestWhoSignsOutInTheFlowIsNotToldWhatTheyKnow(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	h.addUser("bob")
	c, b := h.addClient(nil), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "bob")
	p := b.get(h.authorize(c, "prompt", "select_account"))
	p = b.signIn(strings.TrimSuffix(p.at, "account")+"sign-in", "ada")
	p = b.get(strings.TrimSuffix(p.at, "consent") + "account")
	p = b.post(p.at, "sign_out", b.accounts(p)["The ada"])
	if !strings.HasSuffix(p.at, "/account") || p.alert() != "" || !strings.Contains(p.body, "The bob") ||
		strings.Contains(p.body, "The ada") {
		t.Errorf("%q at %s", p.alert(), p.at)
	}
	if p = b.post(p.at, "sign_out", "all"); !strings.HasSuffix(p.at, "/sign-in") || p.alert() != "" {
		t.Errorf("%q at %s", p.alert(), p.at)
	}
}

func TestAChosenAccountThatIsSignedOutByNowIsSaidToBe(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	h.addUser("bob")
	c, b := h.addClient(nil), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	b.signIn("/sign-in", "bob")
	flow, local := b.get(h.authorize(c)), b.get("/choose-account")
	ada, bob := b.accounts(flow)["The ada"], b.accounts(flow)["The bob"]
	b.post(local.at, "sign_out", ada) // in another tab
	for _, at := range []string{flow.at, local.at} {
		p := b.post(at, "account", ada)
		if want := "That account is signed out by now. Choose another, or sign in."; p.alert() != want ||
			p.status != http.StatusConflict || !strings.Contains(p.body, "The bob") {
			t.Errorf("%s: %d %q", at, p.status, p.alert())
		}
	}
	b.post("/sign-out", "action", "sign-out")
	if p := b.post(flow.at, "account", bob); p.alert() == "" || p.status != http.StatusConflict ||
		!strings.Contains(p.body, `id="sign-in"`) {
		t.Errorf("the last one: %d %q", p.status, p.alert())
	}
}

func TestAConsentPageThatIsShownAgainSaysThatItChanged(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(nil), h.browser()
	first := b.signIn(b.get(h.authorize(c)).at, "ada")
	if first.alert() != "" {
		t.Errorf("at first: %q", first.alert())
	}
	meta := c.Metadata
	meta.ClientName = "Event Calendar 2"
	if _, err := h.store.Clients.Change(context.Background(), storage.Operator, c.ID, 0, meta); err != nil {
		t.Fatal(err)
	}
	p := b.allow(first)
	if want := "What you answered has changed since it was shown. Nothing was allowed yet: look again."; p.alert() != want || p.status != http.StatusConflict {
		t.Errorf("%d %q at %s", p.status, p.alert(), p.at)
	}
	if out := b.allow(p); out.code() == "" {
		t.Errorf("allowed again: %d at %s", out.status, out.at)
	}
}

func TestAPageThatWaitedTooLongLeadsBackToItsApp(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c := h.addClient(func(m *apps.Metadata) { m.ClientURI = "https://calendar.example/home" })
	b := h.browser()
	p := b.get(h.authorize(c))
	h.pass(8 * time.Hour)
	for _, late := range []seen{b.get(p.at), b.signIn(p.at, "ada")} {
		if late.status != http.StatusGone || !strings.Contains(late.body, "and start again") ||
			!strings.Contains(late.body, `href="https://calendar.example/home"`) ||
			strings.Contains(late.body, callback) {
			t.Errorf("%d\n%s", late.status, late.body)
		}
	}
	if late := h.browser().get(p.at); late.status != http.StatusGone || strings.Contains(late.body, "calendar") {
		t.Errorf("in another browser: %d\n%s", late.status, late.body)
	}
}
