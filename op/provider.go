package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"

	"latchkey/internal/limit"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/store"
)

// Pages renders what the protocol must not answer by a redirect.
type Pages interface {
	authorizePages
	signOutPages
}

// Hasher checks client secrets of which another system's hash was imported; keys.Hasher
// does.
type Hasher interface {
	// VerifySecret returns keys.ErrBusy if it has too much to do.
	VerifySecret(ctx context.Context, client string, sealed []byte, secret string) (bool, error)
}

// Options of a provider. All but Fetch and Now are required.
type Options struct {
	Issuer   string // as in discovery: scheme and host, no path, no trailing slash
	Store    *store.Store
	Keys     *keys.Ring
	Hasher   Hasher
	Pages    Pages
	Sessions signOutSessions
	Fetch    Fetcher          // nil: clients that keep their keys elsewhere cannot authenticate
	Now      func() time.Time // nil: time.Now
}

// Provider is the OpenID provider. It puts its endpoints together; each knows what it
// needs and no more.
type Provider struct {
	authorize     *authorizeHandler
	signOut       *signOutHandler
	token         *tokenHandler
	userinfo      *userinfoHandler
	introspection *introspectionHandler
	revocation    *revocationHandler
	discovery     *discoveryHandler
	admin         *administration
	scripts       *scriptAccess
	browsers      browsers
}

// New makes a provider.
func New(ctx context.Context, o Options) (*Provider, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Host == "" || o.Issuer != u.Scheme+"://"+u.Host {
		return nil, errors.New("op: the issuer must be a scheme and a host and no more, like https://id.example.org")
	}
	all, err := o.Store.Scopes.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	claims, store := newScopeClaims(all), o.Store
	browsers, sealer := browsers{Cookies{Secure: u.Scheme == "https"}}, sealer{o.Keys}
	issued := &tokens{issuer: o.Issuer, grants: store.Grants, keys: o.Keys, claims: claims, now: o.Now}
	auth := &clientAuth{issuer: o.Issuer, clients: store.Clients, resources: store.Resources, keys: o.Keys, hasher: o.Hasher,
		known: newClientKeys(o.Fetch, o.Now), wrong: limit.NewTable[limit.Spent](wrongMost), now: o.Now}
	p := &Provider{browsers: browsers, scripts: &scriptAccess{store.Clients},
		authorize: &authorizeHandler{issuer: o.Issuer, clients: store.Clients, scopes: store.Scopes, settings: store.Settings,
			grants: store.Grants, tokens: issued, claims: claims, browsers: browsers, sealer: sealer,
			pages: o.Pages, sessions: o.Sessions, now: o.Now},
		signOut: &signOutHandler{clients: store.Clients, people: store.Sessions, settings: store.Settings, tokens: issued,
			sealer: sealer, pages: o.Pages, sessions: o.Sessions, now: o.Now},
		token: newTokenHandler(tokenHandler{auth: auth, tokens: issued, grants: store.Grants, scopes: store.Scopes,
			keys: o.Keys, now: o.Now}),
		userinfo: &userinfoHandler{tokens: issued, claims: claims},
		introspection: &introspectionHandler{issuer: o.Issuer, auth: auth, tokens: issued, clients: store.Clients,
			grants: store.Grants, now: o.Now},
		revocation: &revocationHandler{auth: auth, tokens: issued, clients: store.Clients, grants: store.Grants},
		discovery:  &discoveryHandler{issuer: o.Issuer, scopes: store.Scopes, settings: store.Settings, keys: o.Keys},
		admin:      &administration{tokens: issued, clients: store.Clients},
	}
	_, err = p.discovery.document(all)
	return p, err
}

// Flow finds the flow that the request's path names, for its pages: see [Flow].
func (p *Provider) Flow(r *http.Request) (*Flow, *Ending) { return p.authorize.Flow(r) }

// Logout finds the app's request to sign somebody out that the address carries: see [Logout].
func (p *Provider) Logout(r *http.Request) (*Logout, *SignOutEnding) { return p.signOut.Logout(r) }

// Browser returns what names this browser: the bytes of a small cookie that says
// nothing about anybody. Nil if it has none yet.
func (p *Provider) Browser(r *http.Request) []byte { return p.browsers.Browser(r) }

// NameBrowser is Browser, giving it a name if it has none.
func (p *Provider) NameBrowser(w http.ResponseWriter, r *http.Request) []byte {
	return p.browsers.NameBrowser(w, r)
}

// Administer returns on whose behalf an access token acts at the administration API:
// for a user, with the roles they have in the snapshot that the token was judged in,
// or for the client itself. Without the scope admin the actor may only look. Errors:
// ErrInvalidToken, ErrInsufficientScope.
func (p *Provider) Administer(ctx context.Context, token string) (storage.Actor, error) {
	return p.admin.Administer(ctx, token)
}

// Routes puts the provider's routes on r.
func (p *Provider) Routes(r *mux.Router) {
	readable := []string{http.MethodGet, http.MethodHead, http.MethodOptions}
	r.Handle(pathDiscovery, p.scripts.allow(http.HandlerFunc(p.discovery.serveMetadata))).Methods(readable...)
	r.Handle(pathMetadata, p.scripts.allow(http.HandlerFunc(p.discovery.serveMetadata))).Methods(readable...)
	r.Handle(PathJWKS, p.scripts.allow(http.HandlerFunc(p.discovery.serveJWKS))).Methods(readable...)
	r.Handle(pathWebFinger, public(http.HandlerFunc(p.discovery.serveWebFinger))).Methods(readable...)
	r.Handle(PathToken, p.scripts.allow(p.token))
	r.Handle(PathIntrospection, p.introspection)
	r.Handle(PathRevocation, p.scripts.allow(p.revocation))
	r.Handle(PathUserinfo, p.scripts.allow(p.userinfo))
	r.Handle(PathAuthorize, p.authorize).Methods(http.MethodGet, http.MethodPost)
	r.Handle(PathEndSession, p.signOut).Methods(http.MethodGet, http.MethodPost)
	r.HandleFunc(PathFlow, p.authorize.servePosted).Methods(http.MethodGet)
	r.HandleFunc(PathFlow+"/{flow}", p.authorize.serveFlow).Methods(http.MethodGet)
}
