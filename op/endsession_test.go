package op

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/signout"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/policy"
)

const bye = "https://app.example/bye?tenant=a%20b"

// leaver is a house whose web may have people sent to bye, and a browser signed in
// there, with the ID token that web got.
func leaver(t testing.TB) (*house, *browser, string) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.PostLogoutRedirectURIs = []string{bye} })
	b := h.browser()
	return h, b, b.tokens(authorization()).IDToken
}

// endSession asks to be signed out by GET.
func (b *browser) endSession(params ...string) *http.Response {
	b.h.t.Helper()
	q := url.Values{}
	for i := 0; i < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	return b.get(oauth.PathEndSession + "?" + q.Encode())
}

func (b *browser) signedInHere() int {
	return len(must(b.h.store.Sessions.Live(context.Background(), b.sessions)))
}

// wantAsked wants a page that asks, and nobody signed out by the request alone.
func wantAsked(t testing.TB, b *browser, resp *http.Response) {
	t.Helper()
	if to := resp.Header.Get("Location"); !strings.HasPrefix(to, signout.PathSignOut+"?request=") ||
		b.signedInHere() == 0 {
		t.Errorf("not asked: %d, %q, %d signed in", resp.StatusCode, to, b.signedInHere())
	}
}

func wantSignedOutPage(t testing.TB, resp *http.Response, want string) {
	t.Helper()
	if to := resp.Header.Get("Location"); to != "" || resp.StatusCode != http.StatusOK ||
		body(resp) != "signed out: "+want {
		t.Errorf("%d %q %q, want the page %q", resp.StatusCode, to, body(resp), want)
	}
}

func TestAGoodHintSignsOutAtOnceAndGoesBackWithTheStateIntact(t *testing.T) {
	for _, state := range []string{"", "plain", "a b+c%2f&=#?/\\\"'<>", "Ünïcödé – ✓", "\x00\xff",
		strings.Repeat("s", frontchannel.MaxState)} {
		h, b, hint := leaver(t)
		h.clock.add(policy.Seconds(2 * policy.DefaultSettings().Lifetimes.IDToken)) // hints hold after exp
		resp := b.endSession("id_token_hint", hint, "post_logout_redirect_uri", bye, "state", state, "client_id", webID,
			"logout_hint", "ada", "ui_locales", "se fr", "unknown", "x")
		want := bye
		if state != "" {
			want += "&state=" + url.QueryEscape(state)
		}
		if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || to != want {
			t.Errorf("state %q: %d, sent to %q", state, resp.StatusCode, to)
		}
		if b.signedInHere() != 0 {
			t.Errorf("state %q: still signed in", state)
		}
		wantFault(t, b.authorize(authorization("prompt", "none")), "login_required")
	}
}

func TestTheLongestLogoutRequestComesBackFromAPost(t *testing.T) {
	h, b, hint := leaver(t)
	long := bye + "&" + strings.Repeat("x", 2048-len(bye)-1)
	h.change(webID, func(m *apps.Metadata) { m.PostLogoutRedirectURIs = []string{long} })
	state := strings.Repeat("s", frontchannel.MaxState)
	to := b.endSessionPosted(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {long}, "state": {state}})
	if got := b.get(to).Header.Get("Location"); got != long+"&state="+state || b.signedInHere() != 0 {
		t.Errorf("sent to %q", got)
	}
}

func TestSigningOutEndsTheAccessTokenToo(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	v := b.tokens(authorization())
	wantSignedOutPage(t, b.endSession("id_token_hint", v.IDToken), "web ")
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("userinfo after sign-out: %d", resp.StatusCode)
	}
}

// Signing in again gives the browser another session, and apps the same one.
func TestAHintHoldsWhenItsUserSignedInAgain(t *testing.T) {
	h, b, hint := leaver(t)
	for range 2 {
		old := b.sessions[0]
		b.sessions = nil
		v := must(h.store.Sessions.Start(context.Background(), people.NewSession{User: h.ada.ID, Replaces: old}))
		b.sessions = []storage.ID{v.ID}
	}
	if to := b.endSession("id_token_hint", hint, "post_logout_redirect_uri",
		bye).Header.Get("Location"); to != bye || b.signedInHere() != 0 {
		t.Errorf("sent to %q, %d signed in", to, b.signedInHere())
	}
}

// An idle session is no longer good for signing in, but what hangs on it may live.
func TestAHintEndsASessionThatIsIdle(t *testing.T) {
	h, b, hint := leaver(t)
	h.clock.add(policy.Seconds(policy.DefaultSettings().Lifetimes.SessionIdle) * 2)
	b.endSession("id_token_hint", hint)
	if n := len(must2(h.store.Audit.OfUser(context.Background(), h.ada.ID, nil, 100))); n == 0 {
		t.Fatal("no audit")
	}
	for _, e := range must2(h.store.Audit.OfUser(context.Background(), h.ada.ID, nil, 100)) {
		if e.Act == audit.ActSignOut && e.Via == storage.ViaOP {
			return
		}
	}
	t.Error("the session was not ended")
}

func must2[T any](v T, _ []byte, err error) T { return must(v, err) }

func TestWithoutAGoodHintForThisSessionThereIsAQuestion(t *testing.T) {
	h, b, hint := leaver(t)
	eve := h.user(people.User{Username: "eve"})
	other := h.browser()
	other.user = eve
	theirs := other.tokens(authorization()).IDToken
	again := h.browser() // Ada at another browser
	elsewhere := again.tokens(authorization()).IDToken
	for name, params := range map[string][]string{
		"nothing":           {},
		"a client":          {"client_id", webID},
		"a client and URI":  {"client_id", webID, "post_logout_redirect_uri", bye},
		"logout_hint":       {"logout_hint", "ada"},
		"hint of another":   {"id_token_hint", theirs, "post_logout_redirect_uri", bye},
		"hint of elsewhere": {"id_token_hint", elsewhere, "post_logout_redirect_uri", bye},
	} {
		t.Run(name, func(t *testing.T) { wantAsked(t, b, b.endSession(params...)) })
	}
	if other.signedInHere() != 1 || again.signedInHere() != 1 {
		t.Error("a hint ended a session of another browser")
	}
	// One of two accounts: the hint says which.
	b.signIn(eve)
	b.endSession("id_token_hint", hint)
	if live := must(h.store.Sessions.Live(context.Background(), b.sessions)); len(live) != 1 ||
		live[0].User.ID != eve.ID {
		t.Errorf("left signed in: %v", live)
	}
}

func TestWithNobodySignedInOnlyAGoodHintLeadsBack(t *testing.T) {
	h, _, hint := leaver(t)
	for _, c := range []struct {
		params []string
		to     string
		page   string
	}{
		{nil, "", "nobody "},
		{[]string{"client_id", webID}, "", "web "},
		{[]string{"client_id", webID, "post_logout_redirect_uri", bye, "state", "s"}, "", "web " + bye + "&state=s"},
		{[]string{"id_token_hint", hint}, "", "web "},
		{[]string{"id_token_hint", hint, "post_logout_redirect_uri", bye, "state", "s"}, bye + "&state=s", ""},
	} {
		resp := h.browser().endSession(c.params...)
		if c.to == "" {
			wantSignedOutPage(t, resp, c.page)
		} else if to := resp.Header.Get("Location"); to != c.to {
			t.Errorf("%q: sent to %q", c.params, to)
		}
	}
}

func TestAWrongLogoutRequestIsAPageAndChangesNothing(t *testing.T) {
	h, b, hint := leaver(t)
	h.client("other", nil)
	otherHint := h.browser().tokens(authorization("client_id", "other")).IDToken
	access := h.browser().tokens(authorization()).AccessToken
	parts := strings.Split(hint, ".")
	for name, c := range map[string]struct {
		params []string
		kind   frontchannel.RefusalKind
	}{
		"URI not registered": {[]string{"id_token_hint", hint, "post_logout_redirect_uri",
			"https://evil.example/"}, frontchannel.RefusedRedirect},
		"URI's query changed": {[]string{"id_token_hint", hint, "post_logout_redirect_uri", bye + "&x"},
			frontchannel.RefusedRedirect},
		"URI is the redirect URI": {[]string{"id_token_hint", hint, "post_logout_redirect_uri", callback},
			frontchannel.RefusedRedirect},
		"URI in another spelling": {[]string{"id_token_hint", hint, "post_logout_redirect_uri",
			strings.Replace(bye, "%20", "+", 1)}, frontchannel.RefusedRedirect},
		"URI of another client": {[]string{"id_token_hint", otherHint, "post_logout_redirect_uri", bye},
			frontchannel.RefusedRedirect},
		"URI alone": {[]string{"post_logout_redirect_uri", bye}, frontchannel.RefusedRequest},
		"hint and other client": {[]string{"id_token_hint", hint, "client_id", "other"},
			frontchannel.RefusedRequest},
		"hint tampered": {[]string{"id_token_hint", parts[0] + "." + flipped(parts[1]) + "." + parts[2],
			"post_logout_redirect_uri", bye}, frontchannel.RefusedRequest},
		"hint unsigned": {[]string{"id_token_hint", "eyJhbGciOiJub25lIn0." + parts[1] + ".",
			"post_logout_redirect_uri", bye}, frontchannel.RefusedRequest},
		"hint cut": {[]string{"id_token_hint", hint[:len(hint)-4], "post_logout_redirect_uri",
			bye}, frontchannel.RefusedRequest},
		"hint with a listed aud": {[]string{"id_token_hint", "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA"},
			frontchannel.RefusedRequest},
		"an access token as a hint": {[]string{"id_token_hint", access}, frontchannel.RefusedRequest},
		"unknown client":            {[]string{"client_id", "nobody"}, frontchannel.RefusedClient},
		"state too long": {[]string{"id_token_hint", hint, "state",
			strings.Repeat("s", frontchannel.MaxState+1)}, frontchannel.RefusedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			form := url.Values{}
			for i := 0; i < len(c.params); i += 2 {
				form.Set(c.params[i], c.params[i+1])
			}
			for _, r := range []*http.Request{
				httptest.NewRequest(http.MethodGet, oauth.PathEndSession+"?"+form.Encode(), nil),
				formRequest(oauth.PathEndSession, form),
			} {
				resp := b.do(r)
				if to := resp.Header.Get("Location"); strings.HasPrefix(to, oauth.PathEndSession+"?request=") {
					resp = b.get(to) // a POST may bring no cookies, by which to say who is still signed in
				}
				if resp.Header.Get("Location") != "" || h.pages.last.Kind != c.kind ||
					resp.StatusCode != c.kind.Status() || b.signedInHere() != 1 {
					t.Errorf("%s: %d %v, %+v, %d signed in", r.Method, resp.StatusCode, resp.Header, h.pages.last,
						b.signedInHere())
				}
			}
		})
	}
	twice := url.Values{"id_token_hint": {hint, hint}}
	if resp := b.get(oauth.PathEndSession + "?" + twice.Encode()); resp.StatusCode != http.StatusBadRequest ||
		b.signedInHere() != 1 {
		t.Errorf("hint sent twice: %d", resp.StatusCode)
	}
}

// The app showed by its hint that it asks; only where to go afterwards is wrong.
func TestWhoIsStillSignedInHearsSoAndHasAWayToSignOut(t *testing.T) {
	h, b, hint := leaver(t)
	const wrong = "https://app.example/by"
	ask := func(b *browser, params ...string) string {
		b.endSession(append(params, "post_logout_redirect_uri", wrong, "state", "s")...)
		if h.pages.last.Kind != frontchannel.RefusedRedirect || b.signedInHere() != min(len(b.sessions), 1) {
			t.Errorf("%q: %+v, %d signed in", params, h.pages.last, b.signedInHere())
		}
		return h.pages.last.SignOut
	}
	for name, c := range map[string]struct {
		by     *browser
		params []string
	}{
		"nobody signed in": {h.browser(), []string{"id_token_hint", hint}},
		"no hint":          {b, []string{"client_id", webID}},
	} {
		if way := ask(c.by, c.params...); way != "" {
			t.Errorf("%s: %s", name, way)
		}
	}
	posted := b.endSessionPosted(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {wrong}})
	b.get(posted)
	if way := h.pages.last.SignOut; way == "" {
		t.Errorf("posted: %+v", h.pages.last)
	}
	if resp := h.do(formRequest(oauth.PathEndSession, url.Values{"id_token_hint": {hint},
		"post_logout_redirect_uri": {wrong + strings.Repeat("x", 4000)}})); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("longer than any that could be registered: %d", resp.StatusCode)
	}
	wantSignedOutPage(t, b.get(ask(b, "id_token_hint", hint)), "web ")
	if b.signedInHere() != 0 {
		t.Error("still signed in")
	}
}

// A POST from another site carries no Lax cookies: it comes back by GET.
func TestALogoutByPostComesBackByGetWithItsRequest(t *testing.T) {
	h, b, hint := leaver(t)
	form := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}, "state": {"s t"}}
	resp := h.do(formRequest(oauth.PathEndSession, form)) // no cookies
	to := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, oauth.PathEndSession+"?request=") ||
		b.signedInHere() != 1 {
		t.Fatalf("%d, sent to %q", resp.StatusCode, to)
	}
	sealed := strings.TrimPrefix(to, oauth.PathEndSession+"?request=")
	for name, bad := range map[string]string{"absent": "", "cut": sealed[:len(sealed)-4], "changed": flipped(sealed),
		"long": strings.Repeat("A", longestLogout+4),
		"a flow": strings.TrimPrefix(h.do(formRequest(oauth.PathAuthorize, authorization())).Header.Get("Location"),
			authorize.PathFlow+"?request=")} {
		if resp := b.get(oauth.PathEndSession + "?request=" + bad); resp.StatusCode != http.StatusGone ||
			b.signedInHere() != 1 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if got := b.get(to).Header.Get("Location"); got != bye+"&state=s+t" || b.signedInHere() != 0 {
		t.Errorf("sent to %q", got)
	}
	h.clock.add(policy.Seconds(policy.DefaultSettings().Lifetimes.Flow))
	if resp := b.get(to); resp.StatusCode != http.StatusGone {
		t.Errorf("much later: %d", resp.StatusCode)
	}
}

// All that a request could say may be left out, and then a POST has no body to say the
// type of.
func TestAnEmptyPostAsksLikeAnEmptyGet(t *testing.T) {
	_, b, _ := leaver(t)
	resp := b.do(httptest.NewRequest(http.MethodPost, oauth.PathEndSession, nil))
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", resp.StatusCode, body(resp))
	}
	wantAsked(t, b, b.get(resp.Header.Get("Location")))
}

// What the client was when the request came does not bind later steps.
func TestALogoutOnItsWayIsCheckedAgain(t *testing.T) {
	h, b, hint := leaver(t)
	to := b.endSessionPosted(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}})
	h.change(webID, func(m *apps.Metadata) { m.PostLogoutRedirectURIs = nil })
	if resp := b.get(to); resp.Header.Get("Location") != "" || h.pages.last.Kind != frontchannel.RefusedRedirect ||
		b.signedInHere() != 1 {
		t.Errorf("%d, %+v", resp.StatusCode, h.pages.last)
	}
}

func (b *browser) endSessionPosted(form url.Values) string {
	return b.h.do(formRequest(oauth.PathEndSession, form)).Header.Get("Location")
}

// A suspended app signs people out, but nobody is sent to it.
func TestASuspendedClientSignsOutWithoutARedirect(t *testing.T) {
	h, b, hint := leaver(t)
	must(h.store.Clients.SetState(context.Background(), storage.Operator, webID, apps.ClientSuspended))
	wantSignedOutPage(t, b.endSession("id_token_hint", hint, "post_logout_redirect_uri", bye), "web ")
	if b.signedInHere() != 0 {
		t.Error("still signed in")
	}
}

// A program that is answered with a page takes a person for signed out who is not.
func TestAProgramHearsThatSigningOutNeedsThePerson(t *testing.T) {
	h, b, hint := leaver(t)
	program := func(by *browser, accept string, params ...string) *http.Response {
		q := url.Values{}
		for i := 0; i < len(params); i += 2 {
			q.Set(params[i], params[i+1])
		}
		r := httptest.NewRequest(http.MethodGet, oauth.PathEndSession+"?"+q.Encode(), nil)
		r.Header.Set("Accept", accept)
		return by.do(r)
	}
	for _, accept := range []string{"", "*/*", "application/json", "image/avif,image/*"} {
		for name, resp := range map[string]*http.Response{
			"somebody to ask":         program(b, accept),
			"somebody to ask, an app": program(b, accept, "client_id", webID),
			"no cookies":              program(h.browser(), accept),
			"no cookies, but a hint":  program(h.browser(), accept, "id_token_hint", hint),
			"no cookies, a way back too": program(h.browser(), accept, "id_token_hint", hint,
				"post_logout_redirect_uri", bye),
		} {
			v := decoded[tokenAnswer](t, resp)
			if resp.StatusCode != http.StatusBadRequest || v.Error != "interaction_required" ||
				v.Description == "" || resp.Header.Get("Location") != "" {
				t.Errorf("%s, Accept %q: %d %s", name, accept, resp.StatusCode, body(resp))
			}
		}
	}
	if b.signedInHere() != 1 {
		t.Error("somebody was signed out")
	}
	wantAsked(t, b, program(b, "application/xhtml+xml, Text/HTML;q=0.9"))
	// With cookies and the hint nobody need be asked.
	if resp := program(b, "*/*", "id_token_hint", hint, "post_logout_redirect_uri",
		bye); resp.Header.Get("Location") != bye || b.signedInHere() != 0 {
		t.Errorf("%d, sent to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

func TestOtherMethodsAreRefusedAtEndSession(t *testing.T) {
	h := newHouse(t)
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions,
		http.MethodPatch} {
		if resp := h.do(httptest.NewRequest(method, oauth.PathEndSession,
			nil)); resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
}

// FuzzEndSession: whatever is sent, the browser leaves for registered addresses only,
// and nobody is signed out without a good hint.
func FuzzEndSession(f *testing.F) {
	h, b, hint := leaver(f)
	for _, q := range []string{"", "client_id=web", "id_token_hint=x&state=%00", "request=x",
		"id_token_hint=" + hint[:40],
		"client_id=web&post_logout_redirect_uri=" + url.QueryEscape(bye) + "&state=s",
		"post_logout_redirect_uri=https://evil.example", "id_token_hint=eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA",
		"%zz", ";"} {
		f.Add(q, false)
		f.Add(q, true)
	}
	f.Fuzz(func(t *testing.T, query string, post bool) {
		r := httptest.NewRequest(http.MethodGet, oauth.PathEndSession, nil)
		r.URL.RawQuery = query
		if post {
			r = httptest.NewRequest(http.MethodPost, oauth.PathEndSession, strings.NewReader(query))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for _, c := range b.jar.Cookies(at("/")) {
			r.AddCookie(c)
		}
		r.AddCookie(&http.Cookie{Name: sessionsCookie, Value: b.sessions[0].String()})
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		resp := w.Result()
		to := resp.Header.Get("Location")
		if resp.StatusCode >= 500 || to != "" && !strings.HasPrefix(to, "/") {
			t.Errorf("%d, sent to %q", resp.StatusCode, to)
		}
		if live, err := h.store.Sessions.Live(t.Context(), b.sessions); len(live) != 1 {
			t.Fatalf("signed out: %v", err)
		}
	})
}
