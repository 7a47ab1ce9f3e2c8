package try

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Paths of the sample.
const (
	pathStart    = "/start"
	PathCallback = "/callback" // the redirect URI's
)

// Options are what the sample needs. All fields are required.
type Options struct {
	Issuer string
	// Host is what the sample listens on: 127.0.0.1 and a port.
	Host string
	// ClientID and ClientSecret are those of its registration, whose redirect URI
	// is http://Host/callback and whose secret goes by client_secret_basic.
	ClientID, ClientSecret string
	HTTP                   *http.Client
	Now                    func() time.Time
}

// App is the sample. Make it with New.
type App struct {
	Options
	provider provider

	mu    sync.Mutex
	flows map[string]flow // by state
}

// flow is what the sample remembers of a request that it has sent.
type flow struct {
	verifier, nonce string
	began           time.Time
}

// flowsMost bounds how many flows are remembered; nobody tries more at a time.
const flowsMost = 100

// New reads the provider's discovery document.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{Options: o, flows: map[string]flow{}}
	return a, a.fetch(ctx, o.Issuer+"/.well-known/openid-configuration", &a.provider)
}

func (a *App) redirectURI() string { return "http://" + a.Host + PathCallback }

// Handler serves the sample's pages. A name that leads here by DNS rebinding is
// not the sample's address.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET "+pathStart, a.start)
	mux.HandleFunc("GET "+PathCallback, a.callback)
	mux.HandleFunc("GET "+pathStyle, serveStyle)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != a.Host {
			http.Error(w, "This is not the sample's address.", http.StatusMisdirectedRequest)
			return
		}
		setHeaders(w.Header())
		mux.ServeHTTP(w, r)
	})
}

func (a *App) home(w http.ResponseWriter, _ *http.Request) {
	show(w, http.StatusOK, view{
		Title: "A sample app",
		Lead:  "This app signs you in with " + a.Issuer + " and shows each message that is sent on the way.",
		Steps: []step{{
			Title: "Discovery", Text: "All that an app has to know is the issuer. The rest stands at " + a.Issuer + "/.well-known/openid-configuration:",
			Rows: []row{
				{"issuer", a.provider.Issuer, "the provider's name, in every token"},
				{"authorization_endpoint", a.provider.Authorization, "where the browser is sent"},
				{"token_endpoint", a.provider.Token, "where a code becomes tokens"},
				{"userinfo_endpoint", a.provider.Userinfo, "where claims about the user are read"},
				{"jwks_uri", a.provider.JWKS, "the keys that verify ID tokens"},
			},
		}},
		Next: pathStart, Label: "Begin to sign in",
	})
}

// start shows the authorization request (OpenID Connect Core section 3.1.2.1)
// before the browser is sent with it.
func (a *App) start(w http.ResponseWriter, _ *http.Request) {
	state, f := rand.Text(), flow{verifier: rand.Text() + rand.Text(), nonce: rand.Text(), began: a.Now()}
	a.remember(state, f)
	challenge := sha256.Sum256([]byte(f.verifier))
	rows := []row{
		{"response_type", "code", ""}, {"client_id", a.ClientID, ""}, {"redirect_uri", a.redirectURI(), ""},
		{"scope", "openid profile email", ""}, {"state", state, ""}, {"nonce", f.nonce, ""},
		{"code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]), ""}, {"code_challenge_method", "S256", ""},
	}
	query := url.Values{}
	for i := range rows {
		rows[i].Means = meaning[rows[i].Name]
		query.Set(rows[i].Name, rows[i].Value)
	}
	show(w, http.StatusOK, view{
		Title: "1. The authorization request",
		Lead:  "The app sends your browser to the provider. Nobody but you and the provider will see your password.",
		Steps: []step{
			{Title: "Where to", Text: a.provider.Authorization},
			{Title: "With these parameters", Rows: rows},
			{Title: "Kept by the app for later", Rows: []row{{"code_verifier", f.verifier, meaning["code_verifier"]}}},
		},
		Next: a.provider.Authorization + "?" + query.Encode(), Label: "Send the browser there",
	})
}

func (a *App) remember(state string, f flow) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.flows) >= flowsMost {
		clear(a.flows)
	}
	a.flows[state] = f
}

// take returns what was remembered under state, once.
func (a *App) take(state string) (flow, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f, ok := a.flows[state]
	delete(a.flows, state)
	return f, ok
}

// callback takes the provider's answer and does the rest of a login: code, tokens,
// ID token, userinfo. It stops at the first step that an app must not pass.
func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f, known := a.take(q.Get("state"))
	v := view{Title: "2. The answer, and what the app makes of it", Next: "/", Label: "Once more"}
	var rows []row
	for _, name := range []string{"code", "state", "iss", "error", "error_description"} {
		if q.Has(name) {
			rows = append(rows, row{name, q.Get(name), meaning[name]})
		}
	}
	answer := step{Title: "The authorization response", Text: "The provider sent your browser back to the redirect URI.", Rows: rows}
	answer.check(known, "state is one that this app sent, and for the first time", "state is not one that this app waits for: perhaps the page was loaded again")
	answer.check(q.Get("iss") == a.Issuer, "iss is the issuer that was asked (RFC 9207)", "iss is not the issuer that was asked")
	answer.check(!q.Has("error"), "there is no error", "the provider refused: "+q.Get("error"))
	v.Steps = append(v.Steps, answer)
	status := http.StatusBadRequest
	if answer.good() {
		v.Steps, status = a.redeem(r.Context(), v.Steps, f, q.Get("code"))
	}
	v.Lead = "Stopped: an app must not go on from here."
	if status == http.StatusOK {
		v.Lead = fmt.Sprintf("Signed in, %s after the request was made.", a.Now().Sub(f.began).Round(time.Second))
	}
	show(w, status, v)
}
