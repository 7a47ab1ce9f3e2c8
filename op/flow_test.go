package op

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/policy"
)

// flowCookie is the cookie of the flow that waits at step.
func (b *browser) flowCookie(a answer) *http.Cookie {
	return b.flowCookies(a)[0]
}

// flowCookies are the one or two cookies of the flow that waits at step.
func (b *browser) flowCookies(a answer) []*http.Cookie {
	var all []*http.Cookie
	for _, c := range b.jar.Cookies(at(a.step)) {
		if c.Name == "__Secure-latchkey-flow" || c.Name == "__Secure-latchkey-flow-2" {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		b.h.t.Fatal("no flow cookie")
	}
	return all
}

// sparse is text of n bytes that compresses as little as what apps seal into state.
func sparse(n int) string {
	var b []byte
	for i := 0; len(b) < n; i++ {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		b = append(b, strictBase64.EncodeToString(sum[:])...)
	}
	return string(b[:n])
}

// Proxies that sign people in put the address where somebody was into state.
func TestAStateOf4KiBComesBackHoweverItEnds(t *testing.T) {
	h := newHouse(t)
	state := sparse(frontchannel.MaxState)
	var a answer
	for how, q := range map[string]url.Values{
		"a code": authorization("state", state), "a fault": authorization("state", state, "max_age", "soon"),
		"silently":  authorization("state", state, "prompt", "none"),
		"by a form": authorization("state", state, "response_mode", "form_post"),
		"much else": authorization("state", state, "nonce", sparse(8000)[8000-longestNonce:], "claims", allClaims()),
	} {
		if got := h.browser().login(q); got.params.Get("state") != state {
			t.Errorf("%s: %+v", how, got)
		}
	}
	b := h.browser()
	a = b.authorize(authorization("state", state))
	if cookies := b.flowCookies(a); len(cookies) != 2 {
		t.Errorf("%d cookies", len(cookies))
	}
	size := 0
	for _, c := range b.flowCookies(a) {
		size += len(c.Name) + len(c.Value) + len("=; ")
	}
	if size > 6500 {
		t.Errorf("a flow of %d bytes of cookies", size)
	}
	// Without its second half the flow is none.
	b.jar.SetCookies(at(a.step), []*http.Cookie{{Name: "__Secure-latchkey-flow-2", Path: flowAt(flowID(a)),
		MaxAge: -1}})
	wantPage(t, b.read(b.get(a.step)), frontchannel.RefusedExpired)
	posted := h.do(formRequest(oauth.PathAuthorize, authorization("state", state))).Header.Get("Location")
	signedIn := h.signedIn()
	if got := signedIn.read(signedIn.get(posted)); got.params.Get("state") != state {
		t.Errorf("by POST: %+v", got)
	}
}

// An answer that proxies and servers would refuse is no answer, and one without state
// looks forged.
func TestAStateThatCannotComeBackIsAPage(t *testing.T) {
	h := newHouse(t)
	for name, state := range map[string]string{"longer than 4 KiB": strings.Repeat("s", frontchannel.MaxState+1),
		"too long once it is encoded": strings.Repeat("<", 3000)} {
		for _, more := range [][]string{nil, {"prompt", "none"}, {"max_age", "soon"}} {
			a := h.signedIn().authorize(authorization(append(more, "state", state)...))
			if wantPage(t, a, frontchannel.RefusedRequest); a.page.Code != "invalid_request" {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	state := strings.Repeat("<", 3000)
	if a := h.browser().login(authorization("state", state, "response_mode",
		"form_post")); a.params.Get("state") != state {
		t.Errorf("by a form: %+v", a)
	}
}

// nginx with the buffers that it has by itself answers 502 past 4 KB of headers.
func TestTheHeadersOfEachAnswerFitAProxysBuffer(t *testing.T) {
	h := newHouse(t)
	for name, state := range map[string]string{"sealed": sparse(1024),
		"JSON": (strings.Repeat(`{"page":"/calendar"},`, 49))[:1024]} {
		for _, action := range []string{"allow", "deny"} {
			b := h.browser()
			b.header = func(header http.Header) {
				var w bytes.Buffer
				must(0, header.Write(&w))
				if w.Len() >= 4000-400 { // what the edge and the pages add
					t.Errorf("%s: headers of %d bytes: %v", name, w.Len(), header)
				}
			}
			q := authorization("state", state, "nonce", sparse(43), "prompt", "consent")
			at := b.toConsent(q)
			if action == "deny" {
				at = b.read(b.post(at.step, url.Values{"action": {action}}))
			}
			if a := b.walk(at); a.params.Get("state") != state {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
}

func flowID(a answer) storage.ID {
	return must(storage.ParseID(strings.Split(a.step, "/")[2]))
}

func TestFlowCookiesLookAsTheyShould(t *testing.T) {
	h := newHouse(t)
	lives := map[string]int{"__Secure-latchkey-flow": 12*60*60 + int(policy.DefaultSettings().Lifetimes.Flow),
		"__Host-latchkey-browser":  400 * 24 * 60 * 60,
		"__Host-latchkey-browser-": int(policy.DefaultSettings().Lifetimes.Flow)}
	resp := h.get(authorizeURL(authorization()))
	if len(resp.Cookies()) != len(lives) {
		t.Errorf("%d cookies", len(resp.Cookies()))
	}
	for _, c := range resp.Cookies() {
		name := strings.TrimSuffix(c.Name, path.Base(path.Dir(resp.Header.Get("Location")))) // the flow's id
		want := map[string]string{"__Secure-latchkey-flow": authorize.PathFlow + "/",
			"__Host-latchkey-browser": "/", "__Host-latchkey-browser-": "/"}[name]
		if want == "" || !strings.HasPrefix(c.Path, want) || !c.Secure || !c.HttpOnly ||
			c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
			t.Errorf("%s", c.Raw)
		}
		if c.MaxAge != lives[name] {
			t.Errorf("%s", c.Raw)
		}
	}
	plain := must(New(context.Background(),
		Options{Issuer: "http://localhost:8080", Store: h.store, Keys: h.ring, Pages: h.pages,
			Sessions: fakeSessions{}, Now: h.clock.now}))
	h.op = plain
	h.handler = h.routes()
	for _, c := range h.get(authorizeURL(authorization())).Cookies() {
		if !strings.HasPrefix(c.Name, "latchkey-") || c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("on localhost: %s", c.Raw)
		}
	}
}

func TestTheLargestFlowFitsItsCookiesWithEveryDecisionMade(t *testing.T) {
	h := newHouse(t)
	long := callback + "?" + sparse(7000)[5000:]
	h.change(webID, func(m *apps.Metadata) {
		m.OptionalScopes, m.RedirectURIs = []string{"profile", "email", "address"}, []string{long}
	})
	sized := func(n int) url.Values {
		return authorization("scope", "openid profile email address phone patreon", "claims", allClaims(),
			"redirect_uri", long,
			"state", sparse(n), "nonce", sparse(8000)[8000-longestNonce:], "prompt", "login consent")
	}
	largest := sort.Search(frontchannel.MaxState, func(n int) bool {
		return !strings.Contains(h.get(authorizeURL(sized(n))).Header.Get("Location"), authorize.PathFlow)
	}) - 1
	if largest < 1 || largest == frontchannel.MaxState-1 {
		t.Fatalf("the limit is not met: %d", largest)
	}
	wantFault(t, h.browser().authorize(sized(largest+1)), "invalid_request")
	for _, tick := range [][]string{nil, {"profile"}, {"profile", "email", "address"}} {
		b := h.browser()
		b.tick = tick
		a := b.authorize(sized(largest))
		for a.step != "" {
			n := 0
			for _, c := range b.flowCookies(a) {
				n += len(c.Value)
			}
			if n > longestFlow+1 || n < longestFlow-500 {
				t.Errorf("%d bytes", n)
			}
			a = b.next(a)
		}
		wantCode(t, a)
	}
}

func TestAFlowLinkLeadsNowhereInAnotherBrowser(t *testing.T) {
	h := newHouse(t)
	b, other := h.browser(), h.browser()
	a := b.authorize(authorization())
	other.signIn(h.ada)
	mine := other.authorize(authorization("prompt", "consent"))
	for _, path := range []string{a.step, flowAt(flowID(a))} {
		wantPage(t, other.read(other.get(path)), frontchannel.RefusedExpired)
		wantPage(t, other.read(other.post(a.step, url.Values{"action": {"allow"}})), frontchannel.RefusedExpired)
	}
	// Not even with the flow's cookie: it opens in the browser it was given to.
	other.jar.SetCookies(at(a.step), []*http.Cookie{{Name: "__Secure-latchkey-flow", Value: b.flowCookie(a).Value,
		Path: flowAt(flowID(a))}})
	wantPage(t, other.read(other.get(a.step)), frontchannel.RefusedExpired)
	wantStep(t, mine, authorize.PathConsent)
	wantCode(t, other.walk(mine))
	wantCode(t, b.walk(a))
}

func TestOnlyTheFlowsOwnCookieOpensIt(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a, another := b.authorize(authorization()), b.authorize(authorization("state", "other"))
	good := b.flowCookie(a).Value
	browser := h.browserBytes(b)
	binding := func(id storage.ID, browser []byte) []byte { return append(id[:], browser...) }
	packed := must(h.ring.Unseal(keys.PurposeFlow, binding(flowID(a), browser), must(strictBase64.DecodeString(good))))
	seal := func(p keys.Purpose, binding []byte) string {
		return strictBase64.EncodeToString(h.ring.Seal(p, binding, packed))
	}
	for name, value := range map[string]string{
		"another flow's":      b.flowCookie(another).Value,
		"a flipped bit":       flipped(good),
		"cut":                 good[:len(good)-1],
		"longer":              good + "AAAA",
		"empty":               "",
		"for another purpose": seal(keys.PurposeSession, binding(flowID(a), browser)),
		"unbound":             seal(keys.PurposeFlow, nil),
		"posted":              seal(keys.PurposeFlow, []byte("posted")),
		"of no browser":       seal(keys.PurposeFlow, binding(flowID(a), nil)),
		"for another browser": seal(keys.PurposeFlow, binding(flowID(a), bytes.Repeat([]byte{1}, 16))),
		"an access token":     must(h.ring.SealAccessToken(packed[:20])),
		"something not a flow": strictBase64.EncodeToString(h.ring.Seal(keys.PurposeFlow,
			binding(flowID(a), browser), []byte("x"))),
	} {
		b.jar.SetCookies(at(a.step), []*http.Cookie{{Name: "__Secure-latchkey-flow", Value: value,
			Path: flowAt(flowID(a))}})
		if got := b.read(b.get(a.step)); got.page.Kind != frontchannel.RefusedExpired {
			t.Errorf("%s: %+v", name, got)
		}
	}
	b.jar.SetCookies(at(a.step), []*http.Cookie{{Name: "__Secure-latchkey-flow", Value: good, Path: flowAt(flowID(a))}})
	wantCode(t, b.walk(a))
}

func (h *house) browserBytes(b *browser) []byte {
	for _, c := range b.jar.Cookies(at("/")) {
		if c.Name == "__Host-latchkey-browser" {
			return must(strictBase64.DecodeString(c.Value))
		}
	}
	h.t.Fatal("this browser has no name")
	return nil
}

func TestFlowPathsThatNameNoFlowAreExpired(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	a := b.authorize(authorization("prompt", "login"))
	id := flowID(a).String()
	for _, path := range []string{"x", strings.ToUpper(id), id + "0", id[1:], strings.ReplaceAll(id, "-", ""),
		"%00", "..%2f" + id, id + "%20", "{" + id + "}"} {
		if got := b.get(authorize.PathFlow + "/" + path); got.StatusCode != http.StatusGone &&
			got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusPermanentRedirect {
			t.Errorf("%s: %d %v", path, got.StatusCode, got.Header)
		}
	}
	if got := b.get(authorize.PathFlow + "//" + id); got.StatusCode != http.StatusPermanentRedirect ||
		got.Header.Get("Location") != authorize.PathFlow+"/"+id {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
}

// The cookie's own life is the browser's to keep; the flow's is ours.
func TestAFlowEndsWhenItsTimeIsOver(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.authorize(authorization())
	life := policy.Seconds(policy.DefaultSettings().Lifetimes.Flow)
	h.clock.add(life - time.Second)
	wantStep(t, b.read(b.get(flowAt(flowID(a)))), authorize.PathSignIn)
	h.clock.add(time.Second)
	for _, path := range []string{a.step, flowAt(flowID(a))} {
		wantPage(t, b.read(b.get(path)), frontchannel.RefusedExpired)
	}
}

func TestADecisionDoesNotLengthenTheFlow(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.authorize(authorization())
	h.clock.add(20 * time.Minute)
	resp := b.post(a.step, url.Values{"session": {b.signIn(h.ada).String()}})
	if c := resp.Cookies()[0]; c.MaxAge != 600+12*60*60 {
		t.Errorf("%s", c.Raw)
	}
	h.clock.add(10 * time.Minute)
	wantPage(t, b.read(b.get(flowAt(flowID(a)))), frontchannel.RefusedExpired)
}

func TestAFinishedFlowGivesNoSecondCode(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.authorize(authorization())
	wantCode(t, b.walk(a))
	keysBefore := h.keyCount()
	for _, step := range []string{"", authorize.PathSignIn, authorize.PathAccount, authorize.PathConsent} {
		wantPage(t, b.read(b.get(flowAt(flowID(a))+step)), frontchannel.RefusedFinished)
		if step != "" {
			wantPage(t, b.read(b.post(flowAt(flowID(a))+step, url.Values{"action": {"allow"}})),
				frontchannel.RefusedFinished)
		}
	}
	if h.keyCount() != keysBefore {
		t.Error("something was written")
	}
}

func TestOfConcurrentAnswersToOneFlowOneIsACode(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.authorize(authorization())
	a = b.next(b.next(a)) // signed in, at consent
	a = b.read(b.post(a.step, url.Values{"action": {"allow"}, "digest": {b.look(a).Digest}}))
	path := a.step
	codes := make(chan string, 20)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			to := b.get(path).Header.Get("Location")
			if u, err := url.Parse(to); err == nil && u.Query().Has("code") {
				codes <- to
			}
		})
	}
	group.Wait()
	if len(codes) != 1 {
		t.Errorf("%d codes", len(codes))
	}
}

func TestTwoTabsDoNotDisturbEachOther(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	one, two := b.authorize(authorization("state", "1")), b.authorize(authorization("state", "2", "prompt", "login"))
	one = b.next(one) // signs in here
	// The other tab's sign-in is not one of this flow.
	two = b.read(b.get(flowAt(flowID(two))))
	wantStep(t, two, authorize.PathSignIn)
	two = b.next(two)
	first, second := b.walk(one), b.walk(two)
	wantCode(t, first)
	wantCode(t, second)
	if first.params.Get("state") != "1" || second.params.Get("state") != "2" || first.code() == second.code() {
		t.Errorf("%+v\n%+v", first, second)
	}
}

// Denied on the consent page, left on the sign-in page, or nothing allowed of all that
// was optional: the app has been told no, and gets no code after it.
func TestAFlowThatWasDeniedIsOver(t *testing.T) {
	for name, deny := range map[string]func(*browser) (string, answer){
		"deny": func(b *browser) (string, answer) {
			a := b.toConsent(authorization())
			return a.step, b.read(b.post(a.step, url.Values{"action": {"deny"}}))
		},
		"cancel": func(b *browser) (string, answer) {
			a := b.authorize(authorization())
			wantStep(b.h.t, a, authorize.PathSignIn)
			return a.step, b.read(b.post(a.step, url.Values{"action": {"deny"}}))
		},
		"nothing allowed": func(b *browser) (string, answer) {
			b.h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
			a := b.toConsent(authorization("scope", "email"))
			return a.step, b.walk(a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			b := h.browser()
			at, no := deny(b)
			wantFault(t, no, "access_denied")
			if no.params.Get("state") != "st" || no.params.Get("iss") != issuer {
				t.Errorf("%v", no.params)
			}
			id := flowID(answer{step: at})
			b.signIn(h.ada) // in another tab
			for _, path := range []string{flowAt(id), flowAt(id) + authorize.PathSignIn,
				flowAt(id) + authorize.PathConsent, at} {
				wantPage(t, b.read(b.get(path)), frontchannel.RefusedFinished)
				if got := h.pages.last; got.Client == "" {
					t.Errorf("%s does not say whose flow it was", path)
				}
			}
			before := h.keyCount()
			for _, form := range []url.Values{{"action": {"allow"}, "digest": {"x"}},
				{"session": {b.sessions[0].String()}}, {"action": {"deny"}}} {
				wantPage(t, b.read(b.post(at, form)), frontchannel.RefusedFinished)
			}
			if h.keyCount() != before {
				t.Error("something was written")
			}
			wantCode(t, h.browser().login(authorization("scope", "openid"))) // a new flow is another matter
		})
	}
}

func TestDenyingWritesNothing(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.authorize(authorization())
	keysBefore := h.keyCount()
	wantFault(t, b.read(b.post(a.step, url.Values{"action": {"deny"}})), "access_denied")
	wantPage(t, b.read(b.get(a.step)), frontchannel.RefusedFinished)
	if h.keyCount() != keysBefore {
		t.Error("something was written")
	}
	h.clock.add(31 * time.Minute)
	wantPage(t, b.read(b.get(a.step)), frontchannel.RefusedFinished)
}

// prompt=login, and max_age that has passed, want a sign-in of this flow.
func TestReauthenticationNeedsASignInOfThisFlow(t *testing.T) {
	for name, change := range map[string][]string{
		"prompt=login": {"prompt", "login"}, "max_age=0": {"max_age", "0"}, "max_age passed": {"max_age", "59"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			b := h.signedIn()
			before := h.claims(b.tokens(authorization()))
			h.clock.add(time.Minute)
			a := b.authorize(authorization(change...))
			wantStep(t, a, authorize.PathSignIn)
			b.signIn(h.ada) // elsewhere in this browser
			again := b.read(b.get(flowAt(flowID(a))))
			if len(b.sessions) > 1 { // both sessions live: the account is to be chosen, then proven
				again = b.next(again)
			}
			if name != "max_age passed" {
				wantStep(t, b.next(again), authorize.PathSignIn)
			}
			a = b.walk(a)
			wantCode(t, a)
			v, _ := h.token(webID, redemption(a.code()))
			if after := h.claims(v); after["auth_time"].(float64) != before["auth_time"].(float64)+60 {
				t.Errorf("auth_time %v, before %v", after["auth_time"], before["auth_time"])
			}
		})
	}
}

// Who signed in here has proven who they are, not who else is signed in.
func TestChoosingAnotherAccountIsNoSignInOfThisFlow(t *testing.T) {
	h := newHouse(t)
	bob := h.user(people.User{Username: "bob"})
	b := h.browser()
	b.signIn(bob)
	a := b.authorize(authorization("prompt", "login"))
	wantStep(t, a, authorize.PathSignIn)
	b.post(a.step, url.Values{"session": {b.signIn(h.ada).String()}})
	choose := func(u *people.User) answer {
		back := b.read(b.post(flowAt(flowID(a))+authorize.PathAccount,
			url.Values{"session": {b.sessionOf(u).String()}}))
		return b.read(b.get(back.step))
	}
	wantStep(t, choose(h.ada), authorize.PathConsent) // chosen again, she stays signed in here
	wantStep(t, choose(bob), authorize.PathSignIn)
	wantStep(t, choose(h.ada), authorize.PathSignIn)
}

func TestMaxAgeIsMeasuredToTheSecond(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	h.clock.add(time.Minute)
	wantCode(t, b.authorize(authorization("max_age", "60")))
	wantCode(t, b.authorize(authorization("max_age", "10000")))
	wantStep(t, b.authorize(authorization("max_age", "59")), authorize.PathSignIn)
	wantFault(t, b.authorize(authorization("max_age", "59", "prompt", "none")), "login_required")
	age := uint32(59)
	h.change(webID, func(m *apps.Metadata) { m.DefaultMaxAge = &age })
	wantStep(t, b.authorize(authorization()), authorize.PathSignIn)
	wantCode(t, b.authorize(authorization("max_age", "60"))) // what is asked outweighs what is registered
}

func TestSilentRequestsAreAnsweredOrToldWhyNot(t *testing.T) {
	h := newHouse(t)
	silent := authorization("prompt", "none")
	wantFault(t, h.browser().authorize(silent), "login_required")
	b := h.browser()
	b.signIn(h.ada)
	wantFault(t, b.authorize(silent), "consent_required")
	wantCode(t, b.login(authorization()))
	wantCode(t, b.authorize(silent))
	b.signIn(h.user(people.User{Username: "bob"}))
	wantFault(t, b.authorize(silent), "account_selection_required")
}

func TestSeveralAccountsAreChosenFrom(t *testing.T) {
	h := newHouse(t)
	bob := h.user(people.User{Username: "bob"})
	b := h.browser()
	b.signIn(h.ada)
	b.signIn(bob)
	a := b.authorize(authorization())
	wantStep(t, a, authorize.PathAccount)
	if n := b.look(a).Accounts; n != 2 {
		t.Errorf("%d accounts", n)
	}
	for _, u := range []*people.User{h.ada, bob} {
		b.user = u
		if v := h.claims(b.tokens(authorization())); v["sub"] != u.Subject() {
			t.Errorf("%v is not %s", v["sub"], u.Username)
		}
	}
	// A session of another browser cannot be chosen.
	stranger := h.browser()
	theirs := stranger.signIn(h.ada)
	a = b.authorize(authorization())
	wantStep(t, b.read(b.get(b.read(b.post(a.step, url.Values{"session": {theirs.String()}})).step)),
		authorize.PathSignIn)
}

func TestALoginHintOrdersTheAccountsAndAsksIfItNamesNoneOfThem(t *testing.T) {
	h := newHouse(t)
	bob := h.user(people.User{Username: "bob", Email: "bob@example.org", EmailVerified: true})
	eve := h.user(people.User{Username: "eve", Email: "Mallory@example.org"})
	names := func(b *browser, a answer) (all []string) {
		wantStep(t, a, authorize.PathAccount)
		return b.look(a).Names
	}
	both := h.browser()
	for _, u := range []*people.User{bob, eve, h.ada} { // ada signed in last, and comes first
		both.signIn(u)
	}
	for hint, want := range map[string]string{"": "ada", "BOB": "bob", "bob@EXAMPLE.org": "bob",
		bob.Subject(): "bob", "eve": "eve",
		"mallory@example.org": "ada", "nobody": "ada", "ada": "ada"} {
		if got := names(both, both.authorize(authorization("login_hint", hint))); len(got) != 3 || got[0] != want {
			t.Errorf("hint %q: %q", hint, got)
		}
	}
	// Of one account: whoever is named goes on, anybody else is asked, and may go on.
	b := h.browser()
	wantCode(t, b.login(authorization()))
	b.user = h.ada
	for _, hint := range []string{"ada", "ADA", h.ada.Subject()} {
		wantCode(t, b.authorize(authorization("login_hint", hint)))
	}
	for _, hint := range []string{"bob", "nobody", "ada@example.org"} { // ada's address is not verified
		a := b.authorize(authorization("login_hint", hint))
		wantStep(t, a, authorize.PathAccount)
		if wantCode(t, b.walk(a)); !slices.Equal(b.steps, []string{authorize.PathAccount}) {
			t.Errorf("hint %q: %q", hint, b.steps)
		}
	}
	// An ID token says more than a hint.
	token := b.tokens(authorization()).IDToken
	wantCode(t, b.authorize(authorization("login_hint", "bob", "id_token_hint", token)))
}

// Silently, a hint chooses among those whom the app knows, and tells nothing of others.
func TestASilentLoginHintChoosesAmongThoseWhoAllowedTheApp(t *testing.T) {
	h := newHouse(t)
	bob := h.user(people.User{Username: "bob"})
	b := h.browser()
	wantCode(t, b.login(authorization()))
	b.signIn(bob)
	silent := func(hint string) answer { return b.authorize(authorization("prompt", "none", "login_hint", hint)) }
	a := silent("ada")
	wantCode(t, a)
	if v, _ := h.token(webID, redemption(a.code())); h.claims(v)["sub"] != h.ada.Subject() {
		t.Errorf("%+v is not ada's", v)
	}
	for _, hint := range []string{"", "bob", "nobody", bob.Subject()} {
		wantFault(t, silent(hint), "account_selection_required")
	}
	b.user = bob
	wantCode(t, b.login(authorization()))
	wantCode(t, silent("bob"))
	// Of one account, a hint at another is as none.
	alone := h.browser()
	alone.signIn(h.ada)
	for _, hint := range []string{"", "bob", "nobody"} {
		wantCode(t, alone.authorize(authorization("prompt", "none", "login_hint", hint)))
	}
}

func TestSelectAccountAsksEvenOfOne(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	for _, change := range [][]string{{}, {"id_token_hint", b.tokens(authorization()).IDToken}} {
		a := b.authorize(authorization(append(change, "prompt", "select_account")...))
		wantStep(t, a, authorize.PathAccount)
		wantCode(t, b.walk(a))
		if !slices.Equal(b.steps, []string{authorize.PathAccount}) {
			t.Errorf("%q", b.steps)
		}
	}
	if a := h.browser().login(authorization("prompt", "select_account")); a.code() == "" {
		t.Errorf("%+v", a)
	}
}

func TestPromptConsentAsksAgain(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	a := b.authorize(authorization("prompt", "consent"))
	wantStep(t, a, authorize.PathConsent)
	if !b.look(a).Known {
		t.Error("the app is known")
	}
	wantCode(t, b.walk(a))
	wantStep(t, b.authorize(authorization("prompt", "consent")), authorize.PathConsent)
}

func TestAHintedUserIsTheOneOrHasToSignIn(t *testing.T) {
	h := newHouse(t)
	bob := h.user(people.User{Username: "bob"})
	b := h.browser()
	token := b.tokens(authorization()).IDToken
	other := h.browser()
	other.user = bob
	wantCode(t, other.login(authorization()))
	byClaims := `{"id_token":{"sub":{"value":"` + h.ada.Subject() + `"}}}`
	h.clock.add(24 * time.Hour) // an expired hint is a hint
	for name, change := range map[string][]string{"id_token_hint": {"id_token_hint", token},
		"claims": {"claims", byClaims},
		"both":   {"id_token_hint", token, "claims", byClaims}} {
		silent := authorization(append(change, "prompt", "none")...)
		wantCode(t, b.authorize(silent))
		wantFault(t, other.authorize(silent), "login_required")
		a := other.authorize(authorization(change...))
		wantStep(t, a, authorize.PathSignIn)
		// Signing in as somebody else does not do.
		wantStep(t, other.next(other.next(a)), authorize.PathSignIn)
		both := h.browser()
		both.signIn(bob)
		both.signIn(h.ada)
		both.signIn(bob)
		if a := both.authorize(silent); a.code() == "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	contradiction := authorization("id_token_hint", token, "claims",
		`{"userinfo":{"sub":{"value":"`+bob.Subject()+`"}}}`)
	wantFault(t, b.authorize(contradiction), "invalid_request")
	wantFault(t, b.authorize(authorization("claims", `{"id_token":{"sub":{"value":"nobody"}}}`, "prompt", "none")),
		"login_required")
}

func TestOnlyAnIDTokenOfOursForThisClientIsAHint(t *testing.T) {
	h := newHouse(t)
	h.client("other", nil)
	b := h.browser()
	v := b.tokens(authorization())
	foreign := b.tokens(authorization("client_id", "other"))
	parts := strings.Split(v.IDToken, ".")
	for name, hint := range map[string]string{
		"another client's": foreign.IDToken,
		"an access token":  v.AccessToken,
		"a changed claim":  parts[0] + "." + flipped(parts[1]) + "." + parts[2],
		"a changed header": flipped(parts[0]) + "." + parts[1] + "." + parts[2],
		"a changed sign":   parts[0] + "." + parts[1] + "." + flipped(parts[2]),
		"unsigned":         parts[0] + "." + parts[1] + ".",
		"alg none":         strictBase64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"another issuer's": h.signed(map[string]any{"iss": "https://evil.example", "aud": webID,
			"sub": h.ada.Subject()}),
		"of a listed number": h.signed(map[string]any{"iss": issuer, "aud": []int{1}, "sub": h.ada.Subject()}),
		"of nobody":          h.signed(map[string]any{"iss": issuer, "aud": webID}),
		"of another type": must(h.ring.Sign(context.Background(), keys.RS256, keys.TypeLogout,
			map[string]any{"iss": issuer, "aud": webID, "sub": h.ada.Subject()})),
	} {
		if a := b.authorize(authorization("id_token_hint", hint)); a.params.Get("error") != "invalid_request" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func (h *house) signed(claims map[string]any) string {
	return must(h.ring.Sign(context.Background(), keys.RS256, keys.TypeJWT, claims))
}

func TestWhatChangesMeanwhileIsInForceAtOnce(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		change func(h *house, b *browser)
		page   frontchannel.RefusalKind
		step   string
	}{
		"signed out": {func(h *house,
			b *browser) {
			must(0, h.store.Sessions.End(ctx, storage.Operator, b.sessions...))
		}, "", authorize.PathSignIn},
		"session cookie gone": {func(_ *house, b *browser) { b.sessions = nil }, "", authorize.PathSignIn},
		"user disabled": {func(h *house,
			_ *browser) {
			must(h.store.Users.Disable(ctx, storage.Operator, h.ada.ID))
		}, "", authorize.PathSignIn},
		"user deleted": {func(h *house,
			_ *browser) {
			must(0, h.store.Users.Delete(ctx, storage.Operator, h.ada.ID))
		}, "", authorize.PathSignIn},
		"password set": {func(h *house, _ *browser) {
			must(h.store.Users.SetPassword(ctx, storage.Operator, h.ada.ID, []byte("x")))
		}, "", authorize.PathSignIn},
		"client suspended": {func(h *house, _ *browser) {
			must(h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientSuspended))
		}, frontchannel.RefusedUnavailable, ""},
		"client deleted": {func(h *house,
			_ *browser) {
			must(0, h.store.Clients.Delete(ctx, storage.Operator, webID))
		}, frontchannel.RefusedClient, ""},
		"redirect URI withdrawn": {func(h *house,
			_ *browser) {
			h.change(webID, func(m *apps.Metadata) { m.RedirectURIs[0] += "2" })
		}, frontchannel.RefusedRedirect, ""},
		"nothing": {func(*house, *browser) {}, "", authorize.PathConsent},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			b := h.browser()
			a := b.next(b.authorize(authorization()))
			a = b.read(b.get(a.step))
			digest := b.look(a).Digest
			c.change(h, b)
			again := b.read(b.get(flowAt(flowID(a))))
			posted := b.read(b.post(a.step, url.Values{"action": {"allow"}, "digest": {digest}}))
			if c.page != "" {
				wantPage(t, again, c.page)
				wantPage(t, posted, c.page)
				return
			}
			wantStep(t, again, c.step)
			if posted = b.read(b.get(posted.step)); name != "nothing" {
				wantStep(t, posted, c.step)
			} else {
				wantCode(t, posted)
			}
		})
	}
}

// hooked is an engine that lets something happen just before a transaction.
type hooked struct {
	*memory.Engine
	before func()
}

func (e *hooked) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if before := e.before; before != nil {
		e.before = nil
		before()
	}
	return e.Engine.Update(ctx, fn)
}

// Between the evaluation and the code, the world may change.
func TestWhatChangesWhileACodeIsMadeIsEvaluatedAgain(t *testing.T) {
	ctx := context.Background()
	engine := &hooked{Engine: memory.New(memory.Options{})}
	h := newHouseOn(t, engine)
	b := h.signedIn()
	engine.before = func() { h.change(webID, func(m *apps.Metadata) { m.ClientName = "Renamed" }) }
	wantCode(t, b.authorize(authorization())) // what is remembered is still enough
	engine.before = func() { must(0, h.store.Consents.Withdraw(ctx, storage.Operator, h.ada.ID, webID)) }
	a := b.authorize(authorization())
	wantStep(t, a, authorize.PathConsent)
	allow := url.Values{"action": {"allow"}, "digest": {b.look(a).Digest}}
	a = b.read(b.post(a.step, allow))
	engine.before = func() { h.change(webID, func(m *apps.Metadata) { m.ClientName = "Evil" }) }
	a = b.read(b.get(a.step)) // what was allowed is no longer what is shown
	wantStep(t, a, authorize.PathConsent)
	wantCode(t, b.walk(a))
	engine.before = func() { must(h.store.Users.Disable(ctx, storage.Operator, h.ada.ID)) }
	wantStep(t, b.authorize(authorization()), authorize.PathSignIn)
	must(h.store.Users.Enable(ctx, storage.Operator, h.ada.ID))
	b.sessions = nil
	wantCode(t, b.login(authorization()))
	engine.before = func() { must(h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientSuspended)) }
	wantPage(t, b.authorize(authorization()), frontchannel.RefusedUnavailable)
}

func TestAClientThatKeepsChangingEndsInAnApology(t *testing.T) {
	engine := &hooked{Engine: memory.New(memory.Options{})}
	h := newHouseOn(t, engine)
	b := h.signedIn()
	var again func()
	again = func() {
		h.change(webID, func(*apps.Metadata) {})
		engine.before = again
	}
	engine.before = again
	a := b.authorize(authorization())
	engine.before = nil
	wantPage(t, a, frontchannel.RefusedInternal)
}
