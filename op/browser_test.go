package op

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/people"
)

// browser is one person's browser: it keeps cookies as browsers do, and goes
// through a flow's steps by the stand-ins for the pages.
type browser struct {
	h        *house
	jar      http.CookieJar
	sessions []storage.ID
	// who signs in, when asked to
	user *people.User
	// tick are the optional scopes to allow
	tick []string
	// steps are the pages that were visited
	steps []string
	// header, if not nil, sees the headers of each answer
	header func(http.Header)
}

func (h *house) browser() *browser {
	return &browser{h: h, jar: must(cookiejar.New(nil)), user: h.ada}
}

func at(path string) *url.URL { return must(must(url.Parse(issuer)).Parse(path)) }

// do sends a request of this browser with its cookies, and keeps those it gets.
func (b *browser) do(r *http.Request) *http.Response {
	b.h.t.Helper()
	u := at(r.URL.RequestURI())
	if r.Header["Accept"] == nil {
		r.Header.Set("Accept", "text/html,*/*;q=0.8")
	}
	for _, c := range b.jar.Cookies(u) {
		r.AddCookie(c)
	}
	if len(b.sessions) > 0 {
		all := make([]string, 0, len(b.sessions))
		for _, id := range b.sessions {
			all = append(all, id.String())
		}
		r.AddCookie(&http.Cookie{Name: sessionsCookie, Value: strings.Join(all, ".")})
	}
	resp := b.h.do(r)
	b.jar.SetCookies(u, resp.Cookies())
	if b.header != nil {
		b.header(resp.Header)
	}
	return resp
}

func (b *browser) get(path string) *http.Response {
	b.h.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) *http.Response {
	b.h.t.Helper()
	return b.do(formRequest(path, form))
}

// signIn starts a session of u here, the newest first.
func (b *browser) signIn(u *people.User) storage.ID {
	b.h.t.Helper()
	u = must(b.h.store.Users.Get(context.Background(), u.ID))
	v := must(b.h.store.Sessions.Start(context.Background(), people.NewSession{User: u.ID, UserEpoch: u.Epoch,
		AMR: []string{"pwd"}, ACR: userclaims.ACRPassword()}))
	b.sessions = append([]storage.ID{v.ID}, b.sessions...)
	return v.ID
}

// authorization is a request for everything web may want.
func authorization(change ...string) url.Values {
	q := url.Values{"client_id": {webID}, "redirect_uri": {callback}, "response_type": {"code"},
		"scope": {"openid profile email"},
		"state": {"st"}, "nonce": {"n"}, "code_challenge": {challengeOf(verifier)}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(change); i += 2 {
		if change[i+1] == "" {
			q.Del(change[i])
			continue
		}
		q.Set(change[i], change[i+1])
	}
	return q
}

func authorizeURL(q url.Values) string { return oauth.PathAuthorize + "?" + q.Encode() }

// answer is where a flow came out: at the client, on a page of ours, or at a step.
type answer struct {
	status int
	params url.Values // of an answer to the client
	uri    string     // that it was sent to, without those
	posted bool       // by a form
	inHash bool       // in the fragment
	page   frontchannel.Refusal
	step   string // the path of a page that waits
}

func (a answer) mode() string {
	switch {
	case a.posted:
		return frontchannel.ModeFormPost
	case a.inHash:
		return frontchannel.ModeFragment
	}
	return ""
}

func (a answer) code() string { return a.params.Get("code") }

// read says what an answer is.
func (b *browser) read(resp *http.Response) answer {
	b.h.t.Helper()
	to := resp.Header.Get("Location")
	a := answer{status: resp.StatusCode}
	switch {
	case resp.Header.Get("Content-Type") == postedType:
		form := decoded[frontchannel.Post](b.h.t, resp)
		a.uri, a.params, a.posted = form.URI, url.Values{}, true
		for _, p := range form.Params {
			a.params.Add(p[0], p[1])
		}
	case to == "":
		a.page = b.h.pages.last
	case strings.HasPrefix(to, authorize.PathFlow):
		a.step = to
	default:
		cut := strings.LastIndexAny(to, "?#")
		if cut < 0 {
			b.h.t.Fatalf("sent to %q without parameters", to)
		}
		a.uri, a.inHash, a.params = to[:cut], to[cut] == '#', must(url.ParseQuery(to[cut+1:]))
	}
	return a
}

// authorize sends a request by GET and does not go on.
func (b *browser) authorize(q url.Values) answer {
	b.h.t.Helper()
	return b.read(b.get(authorizeURL(q)))
}

// login goes through a whole flow: it signs in as b.user when asked, chooses
// b.user's newest session, and allows what is asked with b.tick.
func (b *browser) login(q url.Values) answer {
	b.h.t.Helper()
	return b.walk(b.authorize(q))
}

func (b *browser) walk(a answer) answer {
	b.h.t.Helper()
	b.steps = nil
	for range 10 {
		if a.step == "" {
			return a
		}
		a = b.next(a)
	}
	b.h.t.Fatalf("no end after %q", b.steps)
	return a
}

// next takes one step.
func (b *browser) next(a answer) answer {
	b.h.t.Helper()
	name := a.step[strings.LastIndex(a.step, "/"):]
	switch name {
	case authorize.PathSignIn:
		b.steps = append(b.steps, name)
		return b.read(b.post(a.step, url.Values{"session": {b.signIn(b.user).String()}}))
	case authorize.PathAccount:
		b.steps = append(b.steps, name)
		return b.read(b.post(a.step, url.Values{"session": {b.sessionOf(b.user).String()}}))
	case authorize.PathConsent:
		b.steps = append(b.steps, name)
		return b.read(b.post(a.step, url.Values{"action": {"allow"}, "digest": {b.look(a).Digest}, "scope": b.tick}))
	default:
		return b.read(b.get(a.step))
	}
}

// look opens a step's page.
func (b *browser) look(a answer) shown {
	b.h.t.Helper()
	return decoded[shown](b.h.t, b.get(a.step))
}

func (b *browser) sessionOf(u *people.User) storage.ID {
	live := must(b.h.store.Sessions.Live(context.Background(), b.sessions))
	for _, v := range live {
		if v.User.ID == u.ID {
			return v.Session.ID
		}
	}
	b.h.t.Fatalf("%s is not signed in here", u.Username)
	return storage.ID{}
}

// tokens goes all the way to tokens.
func (b *browser) tokens(q url.Values) tokenAnswer {
	b.h.t.Helper()
	a := b.login(q)
	if a.code() == "" {
		b.h.t.Fatalf("no code: %+v", a)
	}
	v, _ := b.h.token(q.Get("client_id"), redemption(a.code()))
	if v.Status != http.StatusOK {
		b.h.t.Fatalf("no tokens: %+v", v)
	}
	return v
}

func wantFault(t testing.TB, a answer, code string) {
	t.Helper()
	if a.params.Get("error") != code || a.code() != "" {
		t.Errorf("got %+v, want the error %s", a, code)
	}
}

func wantStep(t testing.TB, a answer, step string) {
	t.Helper()
	if !strings.HasSuffix(a.step, step) {
		t.Errorf("got %+v, want %s", a, step)
	}
}

func wantPage(t testing.TB, a answer, kind frontchannel.RefusalKind) {
	t.Helper()
	if a.params != nil || a.step != "" || a.page.Kind != kind || a.status != kind.Status() {
		t.Errorf("got %+v, want the page %s", a, kind)
	}
}

func wantCode(t testing.TB, a answer) {
	t.Helper()
	if a.code() == "" || a.uri == "" {
		t.Errorf("got %+v, want a code", a)
	}
}
