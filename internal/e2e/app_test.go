package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// app is a relying party made of unmodified libraries, configured by discovery
// alone, on an origin of its own.
type app struct {
	*httptest.Server
	t        *testing.T
	client   *http.Client // asks the provider
	provider *oidc.Provider
	config   oauth2.Config
	extra    []oauth2.AuthCodeOption // sent with every authorization request

	mu       sync.Mutex
	verifier string
	state    string
	nonce    string
	codes    []string
	token    *oauth2.Token // the last one
	idToken  string
}

// result is what the app shows when somebody has signed in.
type result struct {
	IDToken  map[string]any `json:"id_token"`
	Userinfo map[string]any `json:"userinfo"`
	Scope    string         `json:"scope"`
	Access   string         `json:"access_token"`
}

// newApp starts an app and registers it with s by register, which gets its redirect
// URI.
func newApp(t *testing.T, s *server, scopes []string, register func(redirectURI string) registered) *app {
	t.Helper()
	a := &app{t: t, client: s.client}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("GET /cb", a.callback)
	mux.HandleFunc("POST /cb", a.callback) // with response_mode=form_post
	mux.HandleFunc("GET /logout", a.logout)
	mux.HandleFunc("GET /bye", a.bye)
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	var err error
	if a.provider, err = oidc.NewProvider(a.ctx(context.Background()), s.issuer); err != nil {
		t.Fatal(err)
	}
	c := register(a.URL + "/cb")
	a.config = oauth2.Config{ClientID: c.ID, ClientSecret: c.Secret, Endpoint: a.provider.Endpoint(),
		RedirectURL: a.URL + "/cb", Scopes: scopes}
	return a
}

// plainApp is an app as the README adds it.
func plainApp(t *testing.T, s *server, scopes ...string) *app {
	t.Helper()
	return newApp(t, s, append([]string{oidc.ScopeOpenID}, scopes...), func(uri string) registered {
		return s.addClient("--client-name", "Event Calendar", "--redirect-uri", uri)
	})
}

func (a *app) home(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><title>Event Calendar</title><link rel="icon" href="data:,"><h1>Event Calendar</h1><a id="login" href="/login">Sign in</a>`)
}

// authURL begins a login and returns where to send the browser.
func (a *app) authURL(extra ...oauth2.AuthCodeOption) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verifier, a.state, a.nonce = oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	options := append([]oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.verifier), oidc.Nonce(a.nonce)}, a.extra...)
	return a.config.AuthCodeURL(a.state, append(options, extra...)...)
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, a.authURL(), http.StatusSeeOther)
}

func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	out, err := a.finish(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Refused</title><link rel="icon" href="data:,"><p id="error">%v</p>`, err)
		return
	}
	text, _ := json.Marshal(out)
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Welcome</title><link rel="icon" href="data:,"><pre id="result">%s</pre><a id="logout" href="/logout">Sign out</a><a id="logout-form" href="/logout?by=form">Sign out by a form</a>`, text)
}

// logout signs out here and at the provider (OpenID Connect RP-Initiated Logout 1.0),
// by a link or by a form.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	var d struct {
		EndSession string `json:"end_session_endpoint"`
	}
	_ = a.provider.Claims(&d)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = oauth2.GenerateVerifier()
	q := url.Values{"id_token_hint": {a.idToken}, "post_logout_redirect_uri": {a.URL + "/bye"}, "state": {a.state}}
	if r.URL.Query().Get("by") != "form" {
		http.Redirect(w, r, d.EndSession+"?"+q.Encode(), http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Sign out</title><link rel="icon" href="data:,"><form method="post" action="%s">`, d.EndSession)
	for name, values := range q {
		_, _ = fmt.Fprintf(w, `<input type="hidden" name="%s" value="%s">`, name, values[0])
	}
	_, _ = fmt.Fprint(w, `<button id="send">Sign out</button></form>`)
}

func (a *app) bye(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Bye</title><link rel="icon" href="data:,"><p id="bye">%v</p>`, r.URL.Query().Get("state") == a.state)
}

func (a *app) finish(r *http.Request) (*result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := r.URL.Query()
	if r.Method == http.MethodPost {
		if len(q) > 0 {
			return nil, fmt.Errorf("the form was posted with a query: %v", q)
		}
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		q = r.PostForm
	}
	if q.Get("iss") != a.issuer() {
		return nil, fmt.Errorf("iss is %q", q.Get("iss"))
	}
	if q.Get("state") != a.state {
		return nil, fmt.Errorf("state is not the one sent")
	}
	if q.Get("error") != "" {
		return nil, fmt.Errorf("%s: %s", q.Get("error"), q.Get("error_description"))
	}
	a.codes = append(a.codes, q.Get("code"))
	token, err := a.config.Exchange(a.ctx(r.Context()), q.Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		return nil, err
	}
	a.token = token
	return a.read(r.Context(), token)
}

// ctx has the libraries ask by the app's own client.
func (a *app) ctx(parent context.Context) context.Context {
	return oidc.ClientContext(parent, a.client)
}

// read verifies the ID token by JWKS and asks userinfo.
func (a *app) read(ctx context.Context, token *oauth2.Token) (*result, error) {
	ctx = a.ctx(ctx)
	raw, _ := token.Extra("id_token").(string)
	id, err := a.provider.Verifier(&oidc.Config{ClientID: a.config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if id.Nonce != a.nonce {
		return nil, fmt.Errorf("nonce is not the one sent")
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		return nil, err
	}
	a.idToken = raw
	out := &result{Access: token.AccessToken}
	out.Scope, _ = token.Extra("scope").(string)
	if err := id.Claims(&out.IDToken); err != nil {
		return nil, err
	}
	info, err := a.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	return out, info.Claims(&out.Userinfo)
}

func (a *app) issuer() string {
	var d struct{ Issuer string }
	_ = a.provider.Claims(&d)
	return d.Issuer
}
