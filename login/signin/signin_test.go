package signin_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/authorize"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

func TestALoginAsksOnceAndIsSilentAfterwards(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(nil), h.browser()
	p := b.get(h.authorize(c))
	p = b.signIn(p.at, "ada")
	if !strings.HasSuffix(p.at, "/consent") {
		t.Fatalf("after sign-in at %s", p.at)
	}
	if out := b.allow(p); out.code() == "" || out.left.Query().Get("state") != "s" ||
		out.left.Query().Get("iss") != h.url {
		t.Fatalf("after Allow: %v", out.left)
	}
	if out := b.get(h.authorize(c)); out.code() == "" {
		t.Errorf("the second time: %d at %s", out.status, out.at)
	}
	if out := b.get(h.authorize(c, "prompt", "none")); out.code() == "" {
		t.Errorf("with prompt=none: %v", out.left)
	}
}

func TestAWrongPasswordAndAnUnknownNameLookTheSame(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	var answers [2][]string
	for i, name := range []string{"ada", "nobody"} {
		b := h.browser()
		b.get("/sign-in")
		for range 12 {
			p := b.post("/sign-in", "username", name, "password", "wrong wrong wrong")
			answers[i] = append(answers[i],
				http.StatusText(p.status)+strings.ReplaceAll(p.body, name, "NAME")+p.header.Get("Retry-After"))
		}
	}
	for i := range answers[0] {
		if answers[0][i] != answers[1][i] {
			t.Errorf("answer %d differs:\n%s\n%s", i, answers[0][i], answers[1][i])
		}
	}
	if !strings.HasPrefix(answers[0][9], http.StatusText(422)) ||
		!strings.HasPrefix(answers[0][10], http.StatusText(429)) {
		t.Errorf("the throttle does not begin after ten failures")
	}
}

// The hash is PBKDF2 as Django keeps it, made by Python's hashlib.
func TestAnImportedPasswordSignsInAndIsHashedAnew(t *testing.T) {
	h := newHouse(t)
	const theirs, django = "a sentence nobody else has",
		"pbkdf2_sha256$1000$seasaltNaCl42xx$abs9bzd+0qyKRFhDr7yNg5qlD5IkKWw+Y19LCs1qbT8="
	id, username := h.store.Users.NewID(), "ada"
	sealed, err := h.hasher.Import(id[:], django)
	if err != nil {
		t.Fatal(err)
	}
	done, err := h.store.Users.Import(t.Context(), storage.Operator, people.UserImportOptions{},
		[]people.UserImport{{ID: id, Change: people.UserChange{Username: &username}, Password: sealed}})
	if err != nil || done[0].Err != nil {
		t.Fatal(err, done)
	}
	stored := func() []byte {
		u, err := h.store.Users.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return u.Password
	}
	b := h.browser()
	b.get("/sign-in")
	if p := b.post("/sign-in", "username", "ada", "password",
		theirs+"x"); p.status != http.StatusUnprocessableEntity || string(stored()) != string(sealed) {
		t.Errorf("a wrong password: %d", p.status)
	}
	for range 2 {
		b := h.browser()
		b.get("/sign-in")
		if p := b.post("/sign-in", "username", "ada", "password", theirs); p.status >= 400 {
			t.Errorf("the password: %d", p.status)
		}
		ok, again, err := h.hasher.Verify(t.Context(), id[:], stored(), theirs)
		if !ok || again != nil || err != nil || string(stored()) == string(sealed) {
			t.Errorf("not hashed anew: %v, %x, %v", ok, again, err)
		}
	}
}

func TestAThrottledStrangerDoesNotLockTheOwnerOut(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	owner, stranger := h.browser(), h.browser()
	owner.get("/sign-in")
	owner.signIn("/sign-in", "ada")
	stranger.get("/sign-in")
	for range 12 {
		stranger.post("/sign-in", "username", "ADA", "password", "wrong wrong wrong")
	}
	if p := stranger.signIn("/sign-in", "ada@example.org"); p.status != http.StatusTooManyRequests {
		t.Errorf("the stranger, by another of the account's names: %d", p.status)
	}
	if p := owner.signIn("/sign-in", "ada"); p.status != http.StatusOK || p.at != "/" {
		t.Errorf("the owner: %d at %s", p.status, p.at)
	}
	h.pass(time.Minute)
	if p := stranger.post("/sign-in", "username", "ada", "password",
		"wrong wrong wrong"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a minute later one attempt is allowed: %d", p.status)
	}
	if p := stranger.signIn("/sign-in", "ada"); p.status != http.StatusTooManyRequests {
		t.Errorf("and not two: %d", p.status)
	}
}

func TestADisabledUserHearsOfItWithTheRightPasswordOnly(t *testing.T) {
	h := newHouse(t)
	u := h.addUser("ada")
	b := h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	if _, err := h.store.Users.Disable(context.Background(), storage.Operator, u.ID); err != nil {
		t.Fatal(err)
	}
	if p := b.get("/"); strings.Contains(p.body, "The ada") {
		t.Error("the session lives on")
	}
	if p := b.signIn("/sign-in", "ada"); p.status != http.StatusForbidden ||
		!strings.Contains(p.body, "This account is disabled. Ask ") {
		t.Errorf("signing in: %d", p.status)
	}
	if p := b.post("/sign-in", "username", "ada", "password",
		"wrong wrong wrong"); p.status != http.StatusUnprocessableEntity ||
		!strings.Contains(p.body, "do not match") || strings.Contains(p.body, "disabled. Ask") {
		t.Errorf("with a wrong password: %d\n%s", p.status, p.body)
	}
}

func TestEveryCauseIsInForceAtTheNextAuthorize(t *testing.T) {
	for name, cause := range map[string]struct {
		do   func(h *house, u *people.User, c *apps.Client) error
		then string // where the next authorize leads: the page's path, or nothing: a refusal
	}{
		"user disabled": {func(h *house, u *people.User, _ *apps.Client) error {
			_, err := h.store.Users.Disable(context.Background(), storage.Operator, u.ID)
			return err
		}, "/sign-in"},
		"password set": {func(h *house, u *people.User, _ *apps.Client) error {
			_, err := h.store.Users.SetPassword(context.Background(), storage.Operator, u.ID, u.Password)
			return err
		}, "/sign-in"},
		"consent withdrawn": {func(h *house, u *people.User, c *apps.Client) error {
			return h.store.Consents.Withdraw(context.Background(), storage.Operator, u.ID, c.ID)
		}, "/consent"},
		"client suspended": {func(h *house, _ *people.User, c *apps.Client) error {
			_, err := h.store.Clients.SetState(context.Background(), storage.Operator, c.ID, apps.ClientSuspended)
			return err
		}, ""},
		"client deleted": {func(h *house, _ *people.User, c *apps.Client) error {
			return h.store.Clients.Delete(context.Background(), storage.Operator, c.ID)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			u, c, b := h.addUser("ada"), h.addClient(nil), h.browser()
			if out := b.allow(b.signIn(b.get(h.authorize(c)).at, "ada")); out.code() == "" {
				t.Fatal("no code to begin with")
			}
			if err := cause.do(h, u, c); err != nil {
				t.Fatal(err)
			}
			p := b.get(h.authorize(c))
			if p.left != nil || cause.then != "" && !strings.HasSuffix(p.at, cause.then) || cause.then == "" &&
				p.status < 400 {
				t.Errorf("the next authorize: %d at %s, sent to %v", p.status, p.at, p.left)
			}
		})
	}
}

func TestOptionalScopesAreTheUsersChoiceAndRemembered(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c := h.addClient(func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
	b := h.browser()
	p := b.signIn(b.get(h.authorize(c)).at, "ada")
	if !strings.Contains(p.body, `name="scope" value="email"`) || strings.Contains(p.body, "checked") {
		t.Fatalf("the optional scope has no unticked box:\n%s", p.body)
	}
	if b.allow(p).code() == "" {
		t.Fatal("no code")
	}
	if b.get(h.authorize(c)).code() == "" {
		t.Error("a declined optional scope is asked for again")
	}
	p = b.get(h.authorize(c, "prompt", "consent"))
	if !strings.HasSuffix(p.at, "/consent") {
		t.Fatalf("prompt=consent leads to %s", p.at)
	}
	if b.allow(p, "email").code() == "" {
		t.Fatal("no code")
	}
	if p = b.get(h.authorize(c, "prompt", "consent")); !strings.Contains(p.body, "checked") {
		t.Errorf("a scope allowed before is not ticked:\n%s", p.body)
	}
}

func TestAConsentToWhatIsNoLongerAskedIsShownAgain(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(nil), h.browser()
	p := b.signIn(b.get(h.authorize(c)).at, "ada")
	m := c.Metadata
	m.ClientName = "Another Name"
	if _, err := h.store.Clients.Change(context.Background(), storage.Operator, c.ID, 0, m); err != nil {
		t.Fatal(err)
	}
	p = b.allow(p)
	if p.left != nil || !strings.Contains(p.body, "Another Name") {
		t.Fatalf("Allow counted for an app that has changed: %d at %s, sent to %v", p.status, p.at, p.left)
	}
	if b.allow(p).code() == "" {
		t.Error("no code after the second look")
	}
}

func TestSeveralAccountsChooseAndSignOut(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	h.addUser("bob")
	c, b := h.addClient(nil), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	b.signIn("/sign-in", "bob")
	if out := b.get(h.authorize(c, "prompt", "none")); out.failure() != "account_selection_required" {
		t.Errorf("prompt=none with two accounts: %v", out.left)
	}
	p := b.get(h.authorize(c))
	if !strings.HasSuffix(p.at, "/account") || !strings.Contains(p.body, "The ada") ||
		!strings.Contains(p.body, "The bob") {
		t.Fatalf("two accounts: %d at %s", p.status, p.at)
	}
	live := b.accounts(p)
	p = b.post(p.at, "account", live["The ada"])
	if !strings.HasSuffix(p.at, "/consent") || !strings.Contains(p.body, "The ada") {
		t.Fatalf("after choosing ada: %d at %s", p.status, p.at)
	}
	p = b.get(strings.Replace(p.at, "/consent", "/account", 1))
	p = b.post(p.at, "sign_out", live["The ada"])
	if strings.Contains(p.body, "The ada") {
		t.Errorf("ada is still there at %s:\n%s", p.at, p.body)
	}
	if p = b.get("/"); !strings.Contains(p.body, "The bob") {
		t.Error("bob is gone too")
	}
}

func TestWhomTheAppMeansComesFirstOrCanSignIn(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	h.addUser("bob")
	c, b := h.addClient(nil), h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	p := b.get(h.authorize(c, "login_hint", "bob@example.org"))
	if !strings.HasSuffix(p.at, authorize.PathAccount) || !strings.Contains(p.body, "The ada") {
		t.Fatalf("somebody else is meant: %d at %s", p.status, p.at)
	}
	p = b.post(p.at, "action", "another")
	if !strings.Contains(p.body, `value="bob@example.org"`) {
		t.Errorf("at %s\n%s", p.at, p.body)
	}
	b.signIn(p.at, "bob")
	for hint, first := range map[string]string{"bob": "The bob", "ADA": "The ada"} {
		p = b.get(h.authorize(c, "login_hint", hint, "prompt", "select_account"))
		other := map[string]string{"The bob": "The ada", "The ada": "The bob"}[first]
		if i, j := strings.Index(p.body, first), strings.Index(p.body, other); i < 0 || j < i {
			t.Errorf("hint %s: %s does not come first, at %s", hint, first, p.at)
		}
	}
}

func TestAFormFromAnotherOriginIsRefused(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	for _, path := range []string{"/sign-in", "/sign-out", "/setup", "/recover",
		"/flow/0190a4c8-0000-7000-8000-000000000000/sign-in", "/flow/0190a4c8-0000-7000-8000-000000000000/consent",
		"/flow/0190a4c8-0000-7000-8000-000000000000/account"} {
		r, _ := http.NewRequest(http.MethodPost, h.url+path, strings.NewReader("username=ada"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://evil.example")
		if p := h.browser().do(r); p.status != http.StatusForbidden || !strings.Contains(p.body, "another site") {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}

func TestReturnToStaysOnThisOrigin(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)",
		"", "/\t/evil.example"} {
		b := h.browser()
		b.get("/sign-in?return_to=" + url.QueryEscape(to))
		if p := b.post("/sign-in", "username", "ada", "password", password, "return_to", to); p.left != nil &&
			p.left.Host != "" || p.at != "/" {
			t.Errorf("%q leads to %s, %v", to, p.at, p.left)
		}
	}
}

func TestWithoutCookiesTheFormSaysSo(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	b := h.browser()
	b.client.Jar = nil
	b.get("/sign-in")
	if p := b.signIn("/sign-in", "ada"); p.status != http.StatusBadRequest || !strings.Contains(p.body, "cookie") {
		t.Errorf("%d:\n%s", p.status, p.body)
	}
}

// link makes a one-time link as the command line does.
func (h *house) link(kind people.LinkKind, user storage.ID) string {
	h.t.Helper()
	token, hash := keys.NewOneTime()
	if _, err := h.store.Links.Create(context.Background(), storage.Operator, kind, user, hash); err != nil {
		h.t.Fatal(err)
	}
	return token
}

func TestOfTwoPeopleAtTheSetUpLinkOneIsAdministrator(t *testing.T) {
	h := newHouse(t)
	token := h.link(people.LinkSetUp, storage.ID{})
	var made atomic.Int32
	var wg sync.WaitGroup
	for _, name := range []string{"first", "second", "third"} {
		wg.Go(func() {
			p := h.browser().post("/setup", "token", token, "username", name, "password", password)
			if p.at == "/" && strings.Contains(p.body, "All set.") {
				made.Add(1)
			} else if p.status != http.StatusGone && p.status != http.StatusNotFound {
				t.Errorf("%s: %d at %s", name, p.status, p.at)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d administrators", made.Load())
	}
}

func TestSetUpLinksThatDoNotWorkSayWhatToDo(t *testing.T) {
	h := newHouse(t)
	token := h.link(people.LinkSetUp, storage.ID{})
	if p := h.browser().get("/setup?token=" + token); p.status != http.StatusOK {
		t.Errorf("a good link: %d", p.status)
	}
	for _, bad := range []string{"", "x", token + "x", strings.ToLower(token)} {
		if p := h.browser().get("/setup?token=" + bad); p.status != http.StatusNotFound ||
			!strings.Contains(p.body, "latchkey setup-link") {
			t.Errorf("%q: %d", bad, p.status)
		}
	}
	h.pass(2 * time.Hour)
	if p := h.browser().get("/setup?token=" + token); p.status != http.StatusNotFound {
		t.Errorf("an old link: %d", p.status)
	}
}

func TestARecoveryLinkSetsThePasswordOnceAndEndsSessions(t *testing.T) {
	h := newHouse(t)
	u := h.addUser("ada")
	b := h.browser()
	b.get("/sign-in")
	b.signIn("/sign-in", "ada")
	token := h.link(people.LinkRecovery, u.ID)
	for range 2 { // opening it uses nothing up
		if p := h.browser().get("/recover?token=" + token); p.status != http.StatusOK ||
			!strings.Contains(p.body, "The ada") {
			t.Fatalf("the link: %d", p.status)
		}
	}
	other := h.browser()
	if p := other.post("/recover", "token", token, "password",
		"adaadaadaada"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a password made of the username: %d", p.status)
	}
	const fresh = "eleven purple foxes whistle"
	if p := other.post("/recover", "token", token, "password", fresh); p.at != "/sign-in" ||
		!strings.Contains(p.body, "Your new password is saved") || !strings.Contains(p.body, `value="ada"`) {
		t.Fatalf("the new password: %d at %s\n%s", p.status, p.at, p.body)
	}
	if p := other.get("/sign-in"); strings.Contains(p.body, "Your new password is saved") {
		t.Error("a reload says it again")
	}
	if p := b.get("/"); strings.Contains(p.body, "The ada") {
		t.Error("the old session lives on")
	}
	if p := other.post("/recover", "token", token, "password", fresh); p.status != http.StatusNotFound {
		t.Errorf("the link a second time: %d", p.status)
	}
	if p := other.signIn("/sign-in", "ada"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("the old password: %d", p.status)
	}
	if p := other.post("/sign-in", "username", "ada", "password", fresh); p.at != "/" {
		t.Errorf("the new password: %d at %s", p.status, p.at)
	}
}

func TestPromptLoginNeedsASignInOfThisFlow(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(nil), h.browser()
	b.allow(b.signIn(b.get(h.authorize(c)).at, "ada"))
	p := b.get(h.authorize(c, "prompt", "login"))
	if !strings.HasSuffix(p.at, "/sign-in") {
		t.Fatalf("prompt=login leads to %s", p.at)
	}
	b.signIn("/sign-in", "ada") // in another tab
	if again := b.get(strings.TrimSuffix(p.at, "/sign-in")); again.left != nil ||
		!strings.HasSuffix(again.at, "/sign-in") {
		t.Errorf("another tab's sign-in counted: at %s, %v", again.at, again.left)
	}
	if out := b.signIn(p.at, "ada"); out.code() == "" {
		t.Errorf("after signing in in the flow: %d at %s", out.status, out.at)
	}
}

// Two apps are opened at once, and each tab asks to sign in: the second sign-in does not
// take the first tab back to the start.
func TestSigningInInOneTabLeavesAnothersConsentPageAsItIs(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c, b := h.addClient(nil), h.browser()
	one, two := b.get(h.authorize(c)), b.get(h.authorize(c, "state", "2"))
	consent := b.signIn(one.at, "ada")
	b.signIn(two.at, "ada")
	again := b.signIn(two.at, "ada") // once more, by the back button
	for _, p := range []seen{consent, again} {
		if !strings.HasSuffix(p.at, "/consent") {
			t.Fatalf("at %s", p.at)
		}
	}
	if out := b.allow(consent); out.code() == "" {
		t.Errorf("Allow leads to %d at %s", out.status, out.at)
	}
}

func TestAPersonInNoneOfAnAppsGroupsLearnsWhomToAsk(t *testing.T) {
	h := newHouse(t)
	u := h.addUser("ada")
	g, err := h.store.Groups.Create(context.Background(), storage.Operator, "crew", "")
	if err != nil {
		t.Fatal(err)
	}
	c, b := h.addClient(func(m *apps.Metadata) { m.AllowedGroups = []storage.ID{g.ID} }), h.browser()
	p := b.signIn(b.get(h.authorize(c)).at, "ada")
	if p.status != http.StatusForbidden || p.left != nil || !strings.Contains(p.body, "Event Calendar") ||
		strings.Contains(p.body, `id="allow"`) {
		t.Errorf("%d at %s, sent to %v\n%s", p.status, p.at, p.left, p.body)
	}
	if err := h.store.Groups.Join(context.Background(), storage.Operator, g.ID, u.ID); err != nil {
		t.Fatal(err)
	}
	if out := b.allow(b.get(p.at)); out.code() == "" {
		t.Errorf("as a member: %d at %s", out.status, out.at)
	}
}

func TestWhoIsSentAwayBecauseTooManyPasswordsAreCheckedHasMadeNoAttempt(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	b := h.browser()
	b.get("/sign-in")
	var turns []keys.Turn
	for {
		turn, err := h.hasher.Reserve(t.Context(), false)
		if errors.Is(err, keys.ErrBusy) {
			break
		}
		turns = append(turns, turn)
	}
	for range 20 {
		if p := b.signIn("/sign-in", "ada"); p.status != http.StatusServiceUnavailable {
			t.Fatalf("%d", p.status)
		}
	}
	for _, turn := range turns {
		turn.Release()
	}
	for range 9 {
		if p := b.post("/sign-in", "username", "ada", "password",
			"wrong wrong wrong"); p.status != http.StatusUnprocessableEntity {
			t.Fatalf("an attempt after that: %d", p.status)
		}
	}
	if p := b.signIn("/sign-in", "ada"); p.status != http.StatusOK {
		t.Errorf("the tenth: %d", p.status)
	}
}

func TestConsentSaysWhichGroupsTheAppWillSee(t *testing.T) {
	h := newHouse(t)
	u := h.addUser("ada")
	for _, name := range []string{"Moderators", "<b>Beta</b> testers"} {
		g, err := h.store.Groups.Create(context.Background(), storage.Operator, name, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.store.Groups.Join(context.Background(), storage.Operator, g.ID, u.ID); err != nil {
			t.Fatal(err)
		}
	}
	c := h.addClient(func(m *apps.Metadata) { m.Scopes = []string{"openid", "groups"} })
	b := h.browser()
	p := b.signIn(b.get(h.authorize(c, "scope", "openid groups")).at, "ada")
	if want := `<bdi>&lt;b&gt;Beta&lt;/b&gt; testers</bdi>, <bdi>Moderators</bdi></span>`; !strings.Contains(p.body,
		want) {
		t.Errorf("%d at %s\n%s", p.status, p.at, p.body)
	}
}

// RFC 9110 section 9.3.2. Where a GET may give a code away, or sign out, HEAD is refused.
func TestHEADAnswersAsGETDoesWhereAGETChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	app := h.addClient(nil)
	b := h.browser()
	flow := b.get(h.authorize(app)).at
	head := func(path string) seen {
		r, err := http.NewRequest(http.MethodHead, h.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return b.do(r)
	}
	for _, path := range []string{"/", "/sign-in", "/choose-account", "/sign-out", "/setup?token=x",
		"/recover?token=x", flow,
		"/assets/none", "/robots.txt"} {
		get, got := b.get(path), head(path)
		if got.status != get.status || got.at != get.at ||
			got.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("%s: GET %d at %s, HEAD %d at %s", path, get.status, get.at, got.status, got.at)
		}
	}
	for _, path := range []string{strings.TrimPrefix(h.authorize(app), h.url), oauth.PathEndSession,
		authorize.PathFlow + "?request=x",
		strings.TrimSuffix(flow, authorize.PathSignIn)} {
		if got := head(path); got.status != http.StatusMethodNotAllowed {
			t.Errorf("HEAD %s: %d", path, got.status)
		}
	}
}
