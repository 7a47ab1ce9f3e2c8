package try

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const host = "127.0.0.1:9999"

// fake is a provider that says what a test wants it to say.
type fake struct {
	*httptest.Server
	app    *App
	key    *ecdsa.PrivateKey
	claims map[string]any
	user   map[string]any
	posted url.Values
	secret string
	scope  string // of the token answer; empty: it names none
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{claims: map[string]any{}, user: map[string]any{"sub": "ada"}}
	var err error
	if f.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	answer := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v) }
	}
	mux := http.NewServeMux()
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	mux.HandleFunc("/.well-known/openid-configuration",
		answer(provider{Issuer: f.URL, Authorization: f.URL + "/authorize",
			Token: f.URL + "/token", Userinfo: f.URL + "/userinfo", JWKS: f.URL + "/jwks",
			Algorithms: []string{"ES256"},
			EndSession: f.URL + "/end", Grants: []string{"refresh_token"}, Scopes: []string{"offline_access"}}))
	mux.HandleFunc("/jwks", answer(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &f.key.PublicKey, KeyID: "k",
		Algorithm: "ES256", Use: "sig"}}}))
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		f.posted = r.PostForm
		_, f.secret, _ = r.BasicAuth()
		tokens := map[string]any{"access_token": "at", "id_token": f.idToken(t), "refresh_token": "rt"}
		if f.scope != "" {
			tokens["scope"] = f.scope
		}
		answer(tokens)(w, r)
	})
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, r *http.Request) { answer(f.user)(w, r) })
	f.app, err = New(t.Context(), Options{Issuer: f.URL, Host: host, HTTP: f.Client(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	f.app.Register("app", "hidden")
	return f
}

func (f *fake) idToken(t *testing.T) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256,
		Key: jose.JSONWebKey{Key: f.key, KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(f.claims)
	jws, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := jws.CompactSerialize()
	return raw
}

func (f *fake) get(path string) *httptest.ResponseRecorder {
	rec, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
	f.app.Handler().ServeHTTP(rec, r)
	return rec
}

var nextLink = regexp.MustCompile(`id="next" href="([^"]+)"`)

// begin starts a flow, makes good claims for it, and returns its state.
func (f *fake) begin(t *testing.T) string {
	t.Helper()
	link := nextLink.FindStringSubmatch(f.get(pathStart).Body.String())
	if link == nil {
		t.Fatal("there is no way on")
	}
	u, err := url.Parse(html.UnescapeString(link[1]))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	f.claims = map[string]any{"iss": f.URL, "aud": "app", "sub": "ada", "exp": time.Now().Add(time.Hour).Unix(),
		"nonce": q.Get("nonce")}
	return q.Get("state")
}

func (f *fake) finish(state string) *httptest.ResponseRecorder {
	return f.get(pathCallback + "?" + url.Values{"code": {"c"}, "state": {state}, "iss": {f.URL}}.Encode())
}

func TestALoginIsShownAndTheSecretIsNot(t *testing.T) {
	f := newFake(t)
	rec := f.finish(f.begin(t))
	if body := rec.Body.String(); rec.Code != http.StatusOK || strings.Contains(body, "Wrong") ||
		strings.Contains(body, "hidden") {
		t.Errorf("%d:\n%s", rec.Code, body)
	}
	if f.secret != "hidden" || f.posted.Get("code_verifier") == "" || f.posted.Get("code") != "c" {
		t.Errorf("the token request was %v", f.posted)
	}
	if h := rec.Header(); h.Get("Cache-Control") != "no-store" ||
		!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers: %v", h)
	}
}

// An app that others learn from stops where it must.
func TestTheSampleStopsWhereAnAppMust(t *testing.T) {
	for name, c := range map[string]struct {
		twist func(f *fake)
		words string
	}{
		"issuer":   {func(f *fake) { f.claims["iss"] = "https://other.example" }, "iss is another issuer"},
		"audience": {func(f *fake) { f.claims["aud"] = []string{"app", "other"} }, "aud is another client"},
		"expiry":   {func(f *fake) { f.claims["exp"] = time.Now().Add(-time.Hour).Unix() }, "exp has passed"},
		"nonce":    {func(f *fake) { f.claims["nonce"] = "another" }, "nonce is not the one"},
		"subject":  {func(f *fake) { f.user["sub"] = "eve" }, "sub is not the one"},
		"signature": {func(f *fake) { f.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
			"Wrong: the signature"},
	} {
		f := newFake(t)
		state := f.begin(t)
		c.twist(f)
		rec := f.finish(state)
		if rec.Code != http.StatusBadGateway || !strings.Contains(rec.Body.String(), c.words) {
			t.Errorf("%s: %d\n%s", name, rec.Code, rec.Body)
		}
	}
	f := newFake(t)
	state := f.begin(t)
	for name, query := range map[string]url.Values{
		"unknown state": {"code": {"c"}, "state": {"x"}, "iss": {f.URL}}, "no state": {"code": {"c"}, "iss": {f.URL}},
		"other iss": {"code": {"c"}, "state": {f.begin(t)}, "iss": {"https://other.example"}},
		"error":     {"error": {"access_denied"}, "state": {f.begin(t)}, "iss": {f.URL}},
	} {
		if rec := f.get(pathCallback + "?" + query.Encode()); rec.Code != http.StatusBadRequest || f.posted != nil {
			t.Errorf("%s: %d, token request %v", name, rec.Code, f.posted)
		}
	}
	f.begin(t)
	f.finish(state)
	if rec := f.finish(state); rec.Code != http.StatusBadRequest {
		t.Errorf("a state used twice: %d", rec.Code)
	}
}

func TestAnotherNameForTheSampleIsRefused(t *testing.T) {
	f := newFake(t)
	rec, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://evil.example:9999/", nil)
	f.app.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusMisdirectedRequest {
		t.Errorf("status %d", rec.Code)
	}
}

func TestWhatAProviderSaysIsEscaped(t *testing.T) {
	f := newFake(t)
	state := f.begin(t)
	f.user["name"] = "<script>alert(1)</script>"
	if body := f.finish(state).Body.String(); strings.Contains(body, "<script>") ||
		!strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("%s", body)
	}
}

func (f *fake) follow(t *testing.T, rec *httptest.ResponseRecorder, id string) *httptest.ResponseRecorder {
	t.Helper()
	link := regexp.MustCompile(`id="` + id + `" href="([^"]+)"`).FindStringSubmatch(rec.Body.String())
	if link == nil {
		t.Fatalf("there is no %s:\n%s", id, rec.Body)
	}
	return f.get(html.UnescapeString(link[1]))
}

func TestRefreshAndSignOutAreShown(t *testing.T) {
	f := newFake(t)
	done := f.finish(f.begin(t))
	delete(f.claims, "nonce") // as in a refreshed ID token
	again := f.follow(t, done, "refresh")
	if again.Code != http.StatusOK || f.posted.Get("grant_type") != "refresh_token" ||
		f.posted.Get("refresh_token") != "rt" {
		t.Errorf("%d, posted %v\n%s", again.Code, f.posted, again.Body)
	}
	if rec := f.follow(t, done, "refresh"); rec.Code != http.StatusBadRequest {
		t.Errorf("loaded again: %d", rec.Code)
	}
	out := f.follow(t, again, "sign-out")
	to, err := url.Parse(html.UnescapeString(nextLink.FindStringSubmatch(out.Body.String())[1]))
	if err != nil || to.Path != "/end" ||
		to.Query().Get("post_logout_redirect_uri") != "http://"+host+pathSignedOut ||
		to.Query().Get("id_token_hint") == "" {
		t.Errorf("signs out at %v", to)
	}
	for _, want := range []int{http.StatusOK, http.StatusBadRequest} { // once
		if rec := f.get(pathSignedOut + "?state=" + to.Query().Get("state")); rec.Code != want {
			t.Errorf("back from sign-out: %d, want %d", rec.Code, want)
		}
	}
	done = f.finish(f.begin(t))
	f.claims["sub"] = "eve"
	if rec := f.follow(t, done, "refresh"); rec.Code != http.StatusBadGateway ||
		!strings.Contains(rec.Body.String(), "sub is not the one from before") {
		t.Errorf("another user's tokens: %d", rec.Code)
	}
}

func TestScopesThatWereLeftOutAreNamed(t *testing.T) {
	const words = "These scopes are left out: "
	for scope, want := range map[string]string{
		"": "", "offline_access openid profile email": "",
		// in any order, and none named means all (RFC 6749 section 5.1)
		"openid offline_access":  words + "profile email. ",
		"profile offline_access": words + "openid email. ",
	} {
		f := newFake(t)
		f.scope = scope
		done := f.finish(f.begin(t))
		body := html.UnescapeString(done.Body.String())
		if strings.Contains(body, words) != (want != "") || !strings.Contains(body, want) {
			t.Errorf("%q: want %q in\n%s", scope, want, body)
		}
		again := f.follow(t, done, "refresh")
		if strings.Contains(again.Body.String(), words) {
			t.Errorf("%q: at the refresh nothing is left out of what there was\n%s", scope, again.Body)
		}
		f.scope = "openid"
		less := html.UnescapeString(f.follow(t, again, "refresh").Body.String())
		if !strings.Contains(less, words) || !strings.Contains(less, "offline_access") {
			t.Errorf("%q: what is left of it after a refresh\n%s", scope, less)
		}
	}
}

func TestWhatTheProviderDoesNotOfferIsNotTried(t *testing.T) {
	f := newFake(t)
	f.app.provider.EndSession, f.app.provider.Grants = "", nil
	if r := f.app.Registration(); len(r.PostLogoutRedirectURIs) > 0 || len(r.GrantTypes) != 1 {
		t.Errorf("registered as %+v", r)
	}
	if body := f.get(pathStart).Body.String(); strings.Contains(body, "offline_access") {
		t.Error("asks for offline_access")
	}
	if body := f.finish(f.begin(t)).Body.String(); strings.Contains(body, pathSignOut) {
		t.Error("offers to sign out")
	}
}
