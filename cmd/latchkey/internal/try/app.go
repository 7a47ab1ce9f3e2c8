package try

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Paths of the sample.
const (
	pathStart     = "/start"
	pathCallback  = "/callback" // the redirect URI's
	pathRefresh   = "/refresh"
	pathSignOut   = "/sign-out"
	pathSignedOut = "/signed-out" // the post-logout redirect URI's
)

// Options are what the sample needs. All fields are required.
type Options struct {
	Issuer string
	// Host is what the sample listens on: 127.0.0.1 and a port.
	Host string
	HTTP *http.Client
	Now  func() time.Time
}

// App is the sample. Make it with New.
type App struct {
	Options
	provider               provider
	clientID, clientSecret string

	mu    sync.Mutex
	flows map[string]flow // by state, and by what leads on from a finished one
}

// flow is what the sample remembers of a request that it has sent.
type flow struct {
	verifier, nonce string
	scope           string // what was asked for, then what was given
	began           time.Time
	got             tokens // once it is finished
	sub             any
}

// flowsMost bounds how many flows are remembered; nobody tries more at a time.
const flowsMost = 100

// New reads the provider's discovery document.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{Options: o, flows: map[string]flow{}}
	return a, a.fetch(ctx, o.Issuer+"/.well-known/openid-configuration", &a.provider)
}

func (a *App) url(path string) string { return "http://" + a.Host + path }

// Registration is what the provider must know of the sample (RFC 7591). Its secret
// goes by client_secret_basic.
type Registration struct{ RedirectURIs, PostLogoutRedirectURIs, GrantTypes []string }

// Registration asks for no more than the provider offers.
func (a *App) Registration() Registration {
	r := Registration{RedirectURIs: []string{a.url(pathCallback)}, GrantTypes: []string{"authorization_code"}}
	if a.provider.refreshes() {
		r.GrantTypes = append(r.GrantTypes, "refresh_token")
	}
	if a.provider.EndSession != "" {
		r.PostLogoutRedirectURIs = []string{a.url(pathSignedOut)}
	}
	return r
}

// Register tells the sample what it was registered as, before its first request.
func (a *App) Register(clientID, clientSecret string) {
	a.clientID, a.clientSecret = clientID, clientSecret
}

// Handler serves the sample's pages. A name that leads here by DNS rebinding is
// not the sample's address.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET "+pathStart, a.start)
	mux.HandleFunc("GET "+pathCallback, a.callback)
	mux.HandleFunc("GET "+pathRefresh, a.refresh)
	mux.HandleFunc("GET "+pathSignOut, a.signOut)
	mux.HandleFunc("GET "+pathSignedOut, a.signedOut)
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
