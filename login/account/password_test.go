package account_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/people"
)

func TestAChangedPasswordIsTheOnlyOneAndSignsOthersOut(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	here, phone, laptop := h.signedIn("ada"), h.signedIn("ada"), h.signedIn("ada")
	if p := here.get("/account/password"); p.status != http.StatusOK || !strings.Contains(p.body, ` checked>`) ||
		!strings.Contains(p.body, "The ada") {
		t.Fatalf("%d\n%s", p.status, p.body)
	}
	p := here.change(ada, password, another, "everywhere", "yes")
	if p.at != "/account/security" || !strings.Contains(p.body, `role="status"`) ||
		!strings.Contains(p.body, `Password changed. You were signed out on <strong dir="auto">2</strong> other devices.`) {
		t.Fatalf("%d at %s\n%s", p.status, p.at, p.body)
	}
	if p := here.get("/"); strings.Contains(p.body, "Password changed") || !strings.Contains(p.body, "The ada") {
		t.Error("a reload says it again, or she is signed out")
	}
	for _, b := range []*browser{phone, laptop} {
		if p := b.get("/"); strings.Contains(p.body, "The ada") {
			t.Error("another device is still signed in")
		}
	}
	if h.verified(ada, password) || !h.verified(ada, another) {
		t.Error("the old password is right, or the new one is not")
	}
	if p := phone.post("/sign-in", "username", "ada", "password", another); p.at != "/" {
		t.Errorf("signing in with the new one: %d at %s", p.status, p.at)
	}
}

func TestWithTheBoxClearedOtherDevicesStaySignedIn(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	here, phone := h.signedIn("ada"), h.signedIn("ada")
	p := here.change(ada, password, another)
	if p.at != "/account/security" || !strings.Contains(p.body, "<p>Password changed.</p>") {
		t.Fatalf("%d at %s\n%s", p.status, p.at, p.body)
	}
	if p := phone.get("/"); !strings.Contains(p.body, "The ada") {
		t.Error("the other device was signed out")
	}
	if !h.verified(ada, another) {
		t.Error("the password is not the new one")
	}
}

// Each changes nothing, says so in the title, and gives no password back.
func TestFormsThatChangeNothingSayWhatToMend(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	b := h.signedIn("ada")
	set, err := h.store.Settings.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set.Branding.Name = "Resonite"
	if err := h.store.Settings.Set(t.Context(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ current, fresh, field, says string }{
		"nothing typed": {"", another, "current-password", "Enter your current password."},
		"no new one":    {password, "", "new-password", "Enter a new password."},
		"short":         {password, "eleven foxe", "new-password", "Use at least 12 characters."},
		"long": {password, strings.Repeat("long words ", 30), "new-password",
			"Use at most 256 characters."},
		"common":            {password, "password1234", "new-password", "among the first to be guessed"},
		"of her names":      {password, "ada@example.org!", "new-password", "without your name"},
		"of the platform's": {password, "resonite glow", "new-password", "without your name"},
		"not text":          {password, "eleven\x00purple foxes", "new-password", "control character"},
		"the same":          {password, password, "new-password", "That is the password you have."},
		"wrong": {"not her password at all", another, "current-password",
			"That is not your current password."},
	} {
		p := b.change(ada, c.current, c.fresh)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, "<title>Error: Change password") ||
			!strings.Contains(p.body, `<a href="#`+c.field+`">`) || !strings.Contains(p.body, c.says) ||
			!strings.Contains(p.body, `id="`+c.field+`-error"`) {
			t.Errorf("%s: %d\n%s", name, p.status, p.body)
		}
		if strings.Contains(p.body, password) || strings.Contains(p.body, another) {
			t.Errorf("%s: a password is given back", name)
		}
		if strings.Contains(p.body, ` checked>`) {
			t.Errorf("%s: the cleared box is ticked again", name)
		}
	}
	if p := b.change(ada, password, "short", "everywhere", "yes"); !strings.Contains(p.body, ` checked>`) {
		t.Error("the ticked box is cleared")
	}
	if !h.verified(ada, password) {
		t.Error("the password changed all the same")
	}
}

func TestTheFormSaysOfBothPasswordsAtOnceWhatIsWrong(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	b := h.signedIn("ada")
	p := b.change(ada, "not her password at all", "short")
	at, then := strings.Index(p.body, "That is not your current password."),
		strings.Index(p.body, "Use at least 12 characters.")
	if p.status != http.StatusUnprocessableEntity || at < 0 || then < at {
		t.Errorf("%d\n%s", p.status, p.body)
	}
	// Whoever knows the password and looks for a new one is not guessing.
	for i := range 12 {
		if p := b.change(ada, password, "short"); p.status != http.StatusUnprocessableEntity ||
			strings.Contains(p.body, "That is not your") {
			t.Fatalf("new password %d: %d\n%s", i, p.status, p.body)
		}
	}
	// A new password that is refused is no way round the throttle.
	for range 10 {
		b.change(ada, "wrong wrong wrong", "short")
	}
	if p := b.change(ada, password, "short"); p.status != http.StatusTooManyRequests {
		t.Errorf("after ten guesses: %d\n%s", p.status, p.body)
	}
}

func TestThePasswordIsKeptInOneUnicodeForm(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	const typed = "ünßerordentliche Grüße überall"
	b := h.signedIn("ada")
	if p := b.change(ada, password, norm.NFD.String(typed)); p.at != "/account/security" {
		t.Fatalf("%d at %s", p.status, p.at)
	}
	if p := b.change(ada, norm.NFC.String(typed), norm.NFD.String(typed)); !strings.Contains(p.body,
		"That is the password you have.") {
		t.Errorf("another form of the same: %d at %s", p.status, p.at)
	}
	if p := b.change(ada, norm.NFC.String(typed), another); p.at != "/account/security" {
		t.Errorf("%d at %s", p.status, p.at)
	}
}

func TestGuessingIsThrottledWithTheSignIns(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	b := h.signedIn("ada")
	for i := range 10 {
		if p := b.change(ada, "wrong wrong wrong", another); p.status != http.StatusUnprocessableEntity {
			t.Fatalf("attempt %d: %d", i, p.status)
		}
	}
	p := b.change(ada, password, another)
	if p.status != http.StatusTooManyRequests || p.header.Get("Retry-After") == "" ||
		!strings.Contains(p.body, "Try again in") {
		t.Errorf("%d %v\n%s", p.status, p.header, p.body)
	}
	if p := b.post("/sign-in", "username", "ada", "password", password); p.status != http.StatusTooManyRequests {
		t.Errorf("signing in from the same browser: %d", p.status)
	}
	h.pass(time.Minute)
	if p := b.change(ada, password, another); p.at != "/account/security" {
		t.Errorf("a minute later: %d at %s", p.status, p.at)
	}
	if p := b.change(ada, "wrong wrong wrong", password); p.status != http.StatusUnprocessableEntity {
		t.Errorf("the failures were not taken back: %d", p.status)
	}
}

func TestTooManyPasswordsAtOnceIsABusyForm(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{Concurrent: 1, Queue: 1})
	ada := h.addUser("ada")
	b := h.signedIn("ada")
	busy, stop := context.WithCancel(t.Context())
	defer stop()
	for range 3 { // one hashes, one waits, the rest is turned away
		go func() {
			for busy.Err() == nil {
				_ = h.hasher.VerifyNothing(busy, "x")
			}
		}()
	}
	for range 200 {
		p := b.change(ada, password, another)
		if p.status == http.StatusServiceUnavailable {
			if p.header.Get("Retry-After") == "" || !strings.Contains(p.body, `id="new-password"`) ||
				!strings.Contains(p.body, `role="alert"`) {
				t.Errorf("%v\n%s", p.header, p.body)
			}
			return
		}
		h.pass(10 * time.Minute) // its turn came; the next attempt is not throttled
	}
	t.Error("never busy")
}

func TestWhoeverIsNotSignedInSignsInAndComesBack(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	b := h.browser()
	p := b.get("/.well-known/change-password")
	if p.at != "/sign-in?return_to=%2Faccount%2Fpassword" ||
		!strings.Contains(p.body, `name="return_to" value="/account/password"`) {
		t.Fatalf("%d at %s", p.status, p.at)
	}
	p = b.post("/sign-in", "username", "ada", "password", password, "return_to", "/account/password")
	if p.at != "/account/password" || !strings.Contains(p.body, `id="current-password"`) {
		t.Errorf("%d at %s", p.status, p.at)
	}
	if err := h.store.Sessions.End(t.Context(), storage.Operator, h.idsOf(b)...); err != nil {
		t.Fatal(err)
	}
	if p := b.change(ada, password, another); p.at != "/sign-in?return_to=%2Faccount%2Fpassword" ||
		!h.verified(ada, password) {
		t.Errorf("a form sent after the session ended: %d at %s", p.status, p.at)
	}
}

// idsOf are the sessions in a browser's cookie.
func (h *house) idsOf(b *browser) []storage.ID {
	r := httptest.NewRequest(http.MethodGet, h.url, nil)
	for _, c := range b.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	return h.sessions.Of(r)
}

func TestTheWellKnownAddressRedirects(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	b := h.browser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r, _ := http.NewRequest(method, h.url+"/.well-known/change-password", nil)
		if p := b.do(r); p.status != http.StatusSeeOther || p.header.Get("Location") != "/account/password" {
			t.Errorf("%s: %d to %s", method, p.status, p.header.Get("Location"))
		}
	}
	if p := b.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"); p.status != http.StatusNotFound {
		t.Errorf("what does not exist: %d", p.status)
	}
}

func TestWithSeveralAccountsTheFormIsAboutTheOneItNames(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada, bob := h.addUser("ada"), h.addUser("bob")
	b := h.signedIn("ada", "bob")
	p := b.get("/account/password")
	if !strings.Contains(p.body, `value="`+bob.Subject()+`"`) ||
		!strings.Contains(p.body, `href="/choose-account?return_to=%2Faccount%2Fpassword"`) {
		t.Fatalf("not bob's, or no way to ada's:\n%s", p.body)
	}
	p = b.get("/choose-account?return_to=%2Faccount%2Fpassword")
	if !strings.Contains(p.body, "The ada") || !strings.Contains(p.body, "The bob") {
		t.Fatalf("%d\n%s", p.status, p.body)
	}
	p = b.post("/choose-account", "account", h.idsOf(b)[1].String(), "return_to", "/account/password")
	if p.at != "/account/password" || !strings.Contains(p.body, `value="`+ada.Subject()+`"`) {
		t.Fatalf("ada chosen: at %s\n%s", p.at, p.body)
	}
	// A form shown before is still about bob.
	if p := b.change(bob, password, another, "everywhere", "yes"); p.at != "/account/security" ||
		!strings.Contains(p.body, "The bob") {
		t.Errorf("%d at %s", p.status, p.at)
	}
	if !h.verified(bob, another) || !h.verified(ada, password) {
		t.Error("the wrong account's password changed")
	}
	if ids := h.idsOf(b); len(ids) != 2 {
		t.Errorf("%d accounts left", len(ids))
	}
	// One that is not signed in here.
	eve := h.addUser("eve")
	if p := b.change(eve, password, another); p.at != "/choose-account?return_to=%2Faccount%2Fpassword" ||
		!h.verified(eve, password) {
		t.Errorf("%d at %s", p.status, p.at)
	}
	if p := b.post("/choose-account", "sign_out", "all"); p.at != "/sign-in" || len(h.idsOf(b)) != 0 {
		t.Errorf("signed out of all: %d at %s", p.status, p.at)
	}
}

func TestAFormFromAnotherSiteChangesNothing(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	b := h.signedIn("ada")
	for _, path := range []string{"/account/password", "/choose-account"} {
		body := "account=" + ada.Subject() + "&current-password=" + strings.ReplaceAll(password, " ",
			"+") + "&new-password=eleven+purple+foxes+whistle"
		r, _ := http.NewRequest(http.MethodPost, h.url+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://evil.example")
		if p := b.do(r); p.status != http.StatusForbidden || !strings.Contains(p.body, "another site") {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	if !h.verified(ada, password) {
		t.Error("the password changed")
	}
}

// The password was set otherwise while the form was on its way: here, between the
// check and the change.
func TestAChangeMeanwhileIsNotOverwritten(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	here, there := h.signedIn("ada"), h.signedIn("ada")
	answers := make(chan seen, 2)
	for i, b := range []*browser{here, there} {
		go func() { answers <- b.change(ada, password, another+strings.Repeat("!", i), "everywhere", "yes") }()
	}
	var changed int
	for range 2 {
		switch p := <-answers; {
		case p.at == "/account/security":
			changed++
		case p.status == http.StatusConflict && strings.Contains(p.body, "changed while this page was open"):
		case strings.HasPrefix(p.at, "/sign-in"): // came after the other had ended its session
		case p.status == http.StatusUnprocessableEntity: // or read the new password before it
		default:
			t.Errorf("%d at %s\n%s", p.status, p.at, p.body)
		}
	}
	if changed != 1 || h.verified(ada, another) == h.verified(ada, another+"!") {
		t.Errorf("%d changed", changed)
	}
}

func TestAnAccountWithoutAPasswordIsToldHowToGetOne(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	u, err := h.store.Users.Create(t.Context(), storage.Operator, people.User{Username: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := h.store.Sessions.Start(t.Context(), people.NewSession{User: u.ID})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.sessions.Keep(w, []storage.ID{v.ID}, 3600)
	b := h.browser()
	r, _ := http.NewRequest(http.MethodGet, h.url, nil)
	b.client.Jar.SetCookies(r.URL, w.Result().Cookies())
	for _, p := range []seen{b.get("/account/password"), b.change(u, "", another)} {
		if p.status != http.StatusOK || !strings.Contains(p.body, "no password") ||
			!strings.Contains(p.body, "recovery link") || strings.Contains(p.body, "new-password") {
			t.Errorf("%d\n%s", p.status, p.body)
		}
	}
}

func TestAFormThatIsTooLargeOrDamagedSaysSo(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	b := h.signedIn("ada")
	if p := b.change(ada, password, strings.Repeat("x", 20<<10)); p.status != http.StatusRequestEntityTooLarge ||
		!strings.Contains(p.body, "too much at once") {
		t.Errorf("20 KiB: %d", p.status)
	}
	r, _ := http.NewRequest(http.MethodPost, h.url+"/account/password", strings.NewReader("a=%zz"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p := b.do(r); p.status != http.StatusBadRequest || !strings.Contains(p.body, "incomplete or damaged") {
		t.Errorf("damaged: %d", p.status)
	}
}

// A session that is idle stays in the browser's cookie: what hangs on it is ended by
// signing out.
func TestAChangedPasswordForgetsNoIdleSessionOfAnotherAccount(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada, bob := h.addUser("ada"), h.addUser("bob")
	b := h.signedIn("bob", "ada")
	live, _, err := h.store.Sessions.OfUser(t.Context(), bob.ID, nil, 1)
	if err != nil || len(live) != 1 {
		t.Fatal(live, err)
	}
	for range 2 {
		h.pass(4 * 24 * time.Hour)
		b.get("/account/password") // ada is at work, bob is not
	}
	if p := b.change(ada, password, another); p.at != "/account/security" {
		t.Fatalf("%d at %s", p.status, p.at)
	}
	b.post("/sign-out", "action", "sign-out")
	stored, err := h.store.Sessions.Stored(t.Context(), []storage.ID{live[0].Session.ID})
	if err != nil || len(stored) != 1 || stored[0].Ended.IsZero() {
		t.Errorf("the other account's session has not ended: %+v, %v", stored, err)
	}
}
