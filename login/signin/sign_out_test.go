package signin_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/op/oauth"
	"latchkey/op/signout"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/policy"
)

const farewell = "https://calendar.example/bye"

func leaves(m *apps.Metadata) { m.PostLogoutRedirectURIs = []string{farewell} }

var formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// confirm presses Sign out on the page that asks.
func (b *browser) confirm(p seen, more ...string) seen {
	b.h.t.Helper()
	found := formAction.FindStringSubmatch(p.body)
	if found == nil || !strings.Contains(p.body, `id="sign-out"`) {
		b.h.t.Fatalf("nobody is asked: %d at %s, sent to %v\n%s", p.status, p.at, p.left, p.body)
	}
	return b.post(html.UnescapeString(found[1]), append([]string{"action", "sign-out"}, more...)...)
}

func (b *browser) isSignedIn() bool {
	b.h.t.Helper()
	return strings.Contains(b.get("/").body, "The ")
}

func endSession(params ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	return oauth.PathEndSession + "?" + q.Encode()
}

func TestAnAppWithoutAHintAsksAndGetsALinkBack(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(leaves), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	p := b.get(endSession("client_id", c.ID, "post_logout_redirect_uri", farewell, "state", "s"))
	if !strings.Contains(p.body, "Event Calendar") || !strings.Contains(p.body, "The ada") ||
		strings.Contains(p.header.Get("Content-Security-Policy"), "form-action") {
		t.Fatalf("the question: %d at %s\n%s", p.status, p.at, p.body)
	}
	if !b.isSignedIn() {
		t.Fatal("signed out without an answer")
	}
	done := b.confirm(p)
	if done.left != nil || !strings.Contains(done.body, `href="`+farewell+`?state=s"`) || b.isSignedIn() {
		t.Errorf("afterwards: %d at %s, sent to %v\n%s", done.status, done.at, done.left, done.body)
	}
	if again := b.get(done.at); again.status != http.StatusOK || again.body == "" ||
		strings.Contains(again.body, `id="sign-out"`) {
		t.Errorf("reloaded: %d\n%s", again.status, again.body)
	}
}

func TestARequestThatSaysNothingAsksAndThenSaysSo(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	b := h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	done := b.confirm(b.get(oauth.PathEndSession))
	if done.left != nil || done.status != http.StatusOK || b.isSignedIn() {
		t.Errorf("%d at %s, sent to %v", done.status, done.at, done.left)
	}
	if p := b.get(oauth.PathEndSession); strings.Contains(p.body, `id="sign-out"`) {
		t.Error("asked with nobody signed in")
	}
}

// The endpoint takes forms of other origins; the question's answer comes from our
// own page or not at all.
// An idle session is no good for signing in, but refresh tokens hang on it. Signing in
// goes on from it, and signing out ends it, be it another's.
func TestIdleSessionsAreGoneOnFromAndEndWithTheRest(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.addUser("ada"), h.addUser("bob")
	b := h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "bob")
	b.signIn("/sign-in", "ada")
	hung := h.newest(ada)
	h.pass(8 * 24 * time.Hour)
	if b.isSignedIn() {
		t.Fatal("not idle")
	}
	b.signIn("/sign-in", "ada")
	if v := h.newest(ada); v.ID == hung.ID || v.Line() != hung.ID {
		t.Errorf("signing in does not go on from the idle session: %+v", v)
	}
	b.confirm(b.get("/sign-out"))
	for _, u := range []*people.User{ada, bob} {
		if n := h.signOuts(u); n != 1 {
			t.Errorf("%s: %d sessions ended by signing out", u.Username, n)
		}
	}
}

// newest is the session that a user began last.
func (h *house) newest(u *people.User) *people.Session {
	h.t.Helper()
	live, _, err := h.store.Sessions.OfUser(context.Background(), u.ID, nil, 100)
	if err != nil || len(live) == 0 {
		h.t.Fatalf("%s has no session: %v", u.Username, err)
	}
	return live[0].Session
}

func (h *house) signOuts(u *people.User) (n int) {
	h.t.Helper()
	events, _, err := h.store.Audit.OfUser(context.Background(), u.ID, nil, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range events {
		if e.Act == audit.ActSignOut {
			n++
		}
	}
	return n
}

func TestTheQuestionsAnswerIsGuarded(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(leaves), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	foreign := func(path, form string) seen {
		r, _ := http.NewRequest(http.MethodPost, h.url+path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://calendar.example")
		return b.do(r)
	}
	p := foreign(oauth.PathEndSession, "client_id="+c.ID)
	if !strings.HasPrefix(p.at, signout.PathSignOut+"?request=") || p.status != http.StatusOK {
		t.Fatalf("%d at %s", p.status, p.at)
	}
	if p := foreign(p.at, "action=sign-out"); p.status != http.StatusForbidden || !b.isSignedIn() {
		t.Errorf("another site answered: %d", p.status)
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", 10000)} {
		if p := b.get(signout.PathSignOut + "?request=" + bad); p.status != http.StatusGone {
			t.Errorf("%.10q: %d", bad, p.status)
		}
		if p := b.post(signout.PathSignOut+"?request="+bad, "action", "sign-out"); p.status != http.StatusGone ||
			!b.isSignedIn() {
			t.Errorf("%.10q posted: %d", bad, p.status)
		}
	}
}

func TestSigningOutOnOtherDevicesIsAChoice(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	h.addUser("bob")
	here, there, bobs := h.browser(), h.browser(), h.browser()
	for b, name := range map[*browser]string{here: "ada", there: "ada", bobs: "bob"} {
		b.get("/sign-in")
		b.signIn("/sign-in", name)
	}
	here.confirm(here.get(signout.PathSignOut))
	if here.isSignedIn() || !there.isSignedIn() {
		t.Fatal("signing out here signed out there, or not here")
	}
	here.signIn("/sign-in", "ada")
	here.confirm(here.get(signout.PathSignOut), "everywhere", "yes")
	if here.isSignedIn() || there.isSignedIn() || !bobs.isSignedIn() {
		t.Errorf("signed in: here %v, there %v, bob %v", here.isSignedIn(), there.isSignedIn(), bobs.isSignedIn())
	}
}

// latest is the session that a user began last.
func (h *house) latest(u *people.User) storage.ID {
	h.t.Helper()
	live, _, err := h.store.Sessions.OfUser(context.Background(), u.ID, nil, 1)
	if err != nil || len(live) == 0 {
		h.t.Fatal(err, live)
	}
	return live[0].Session.ID
}

func (h *house) ended(id storage.ID) bool {
	h.t.Helper()
	stored, err := h.store.Sessions.Stored(context.Background(), []storage.ID{id})
	if err != nil || len(stored) != 1 {
		h.t.Fatal(err, stored)
	}
	return !stored[0].Ended.IsZero()
}

func TestSigningOutEndsWhatIsOnlyIdleAndNamesNobody(t *testing.T) {
	for _, begin := range []string{signout.PathSignOut, oauth.PathEndSession} {
		h := newHouse(t)
		ada, b := h.addUser("ada"), h.browser()
		b.get("/sign-in")
		b.signIn("/sign-in", "ada")
		id := h.latest(ada)
		h.pass(policy.Seconds(policy.DefaultSettings().Lifetimes.SessionIdle) + 2*time.Hour)
		if b.isSignedIn() {
			t.Fatal("not idle yet")
		}
		p := b.get(begin)
		if h.ended(id) || strings.Contains(p.body, "ada") || strings.Contains(p.body, `name="everywhere"`) {
			t.Errorf("%s: ended %v by the question\n%s", begin, h.ended(id), p.body)
		}
		done := b.confirm(p)
		if !h.ended(id) || !strings.Contains(done.body, "You are signed out") {
			t.Errorf("%s: ended %v\n%s", begin, h.ended(id), done.body)
		}
	}
}

func TestASixthAccountEndsTheOneThatHasNoPlaceLeft(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.get("/sign-in")
	var ids []storage.ID
	for _, name := range []string{"ada", "bob", "eve", "joan", "kim", "lou", "max"} {
		u := h.addUser(name)
		if p := b.signIn("/sign-in", name); p.at != "/" {
			t.Fatalf("%s: %d at %s", name, p.status, p.at)
		}
		ids = append(ids, h.latest(u))
	}
	for i, id := range ids {
		if h.ended(id) != (i < 2) {
			t.Errorf("account %d: ended %v", i+1, h.ended(id))
		}
	}
	if n := strings.Count(b.get("/choose-account").body, `name="account"`); n != 5 {
		t.Errorf("%d accounts", n)
	}
}

func TestANativeAppIsLinkedAfterSigningOut(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	const home = "com.example.calendar:/bye"
	c := h.addClient(func(m *apps.Metadata) {
		m.ApplicationType, m.RedirectURIs, m.PostLogoutRedirectURIs = apps.ApplicationNative,
			[]string{"com.example.calendar:/cb"}, []string{home}
	})
	b := h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	done := b.confirm(b.get(endSession("client_id", c.ID, "post_logout_redirect_uri", home, "state", "s")))
	if !strings.Contains(done.body, `href="`+home+`?state=s"`) {
		t.Errorf("%d\n%s", done.status, done.body)
	}
}

// twin is the same browser in another tab, which has sent its request before the answer
// to this one's came: whatever cookies it is given are lost.
func (b *browser) twin() *browser {
	at, _ := url.Parse(b.h.url)
	twin := b.h.browser()
	twin.client.Jar.SetCookies(at, b.client.Jar.Cookies(at))
	return twin
}

func (h *house) liveOf(u *people.User) int {
	h.t.Helper()
	live, _, err := h.store.Sessions.OfUser(context.Background(), u.ID, nil, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return len(live)
}

// A form that is sent twice, or an answer that is lost: what hung on the session must
// still end when the person signs out.
func TestASignInWhoseAnswerWasLostLeavesNothingThatNobodyCanSignOutOf(t *testing.T) {
	h := newHouse(t)
	ada, b := h.addUser("ada"), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	first := h.latest(ada)
	h.pass(time.Second)
	b.twin().signIn("/sign-in", "ada")
	h.pass(time.Second)
	b.signIn("/sign-in", "ada")
	if stored, err := h.store.Sessions.Stored(context.Background(), []storage.ID{h.latest(ada)}); err != nil ||
		h.liveOf(ada) != 1 || stored[0].Line() != first {
		t.Errorf("%d are alive, the latest goes on from %v, %v", h.liveOf(ada), stored[0].Line(), err)
	}
	b.confirm(b.get(signout.PathSignOut))
	if n := h.liveOf(ada); n != 0 {
		t.Errorf("signed out, and %d are alive", n)
	}
}

func TestASignOutThatASignInOvertookEndsItToo(t *testing.T) {
	h := newHouse(t)
	ada, b := h.addUser("ada"), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	p := b.get(signout.PathSignOut)
	b.twin().signIn("/sign-in", "ada")
	b.confirm(p)
	if n := h.liveOf(ada); n != 0 {
		t.Errorf("%d are alive", n)
	}
}

// Who has only an old cookie is not signed in by it, whatever became of its session.
func TestAnOldCookieSignsNobodyIn(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	h.addUser("bob")
	b := h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	old := b.twin()
	b.signIn("/sign-in", "ada")
	if old.isSignedIn() || !b.isSignedIn() {
		t.Fatal("signed in by an id that was replaced, or not by the new one")
	}
	old.signIn("/sign-in", "bob")
	if p := old.get("/choose-account"); strings.Count(p.body, `name="account"`) != 1 ||
		strings.Contains(p.body, "ada") {
		t.Errorf("bob's cookie leads to ada:\n%s", p.body)
	}
	if !b.isSignedIn() {
		t.Error("somebody else's sign-in ended ada's session")
	}
}
