package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"latchkey/internal/limit"
	"latchkey/keys"
	"latchkey/op/authorize"
	"latchkey/op/clientauth"
	"latchkey/op/discovery"
	"latchkey/op/frontchannel"
	"latchkey/op/introspection"
	"latchkey/op/oauth"
	"latchkey/op/signout"
	"latchkey/op/tokenendpoint"
	"latchkey/op/tokens"
	"latchkey/op/userclaims"
	"latchkey/op/userinfo"
	"latchkey/storage"
	"latchkey/storage/store"

	"github.com/gorilla/mux"
)

// Pages renders what the protocol must not answer by a redirect.
type Pages interface {
	authorize.Pages
	signout.Pages
}

// Options of a provider. All but Fetch and Now are required.
type Options struct {
	Issuer   string // as in discovery: scheme and host, no path, no trailing slash
	Store    *store.Store
	Keys     *keys.Ring
	Hasher   clientauth.Hasher
	Pages    Pages
	Sessions signout.Sessions
	Fetch    clientauth.Fetcher // nil: clients that keep their keys elsewhere cannot authenticate
	Now      func() time.Time   // nil: time.Now
}

// Provider is the OpenID provider. It puts its endpoints together; each knows what it
// needs and no more.
type Provider struct {
	authorize     *authorize.Handler
	signOut       *signout.Handler
	token         *tokenendpoint.Handler
	userinfo      *userinfo.Handler
	introspection *introspection.Handler
	revocation    *introspection.RevocationHandler
	discovery     *discovery.Handler
	admin         *administration
	scripts       *scriptAccess
	browsers      frontchannel.Browsers
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
	claims, store := userclaims.New(all), o.Store
	browsers, sealer := frontchannel.Browsers{Cookies: frontchannel.Cookies{Secure: u.Scheme == "https"}},
		frontchannel.Sealer{Keys: o.Keys}
	issued := &tokens.Tokens{Issuer: o.Issuer, Grants: store.Grants, Keys: o.Keys, Claims: claims, Now: o.Now}
	auth := &clientauth.Authenticator{Issuer: o.Issuer, Clients: store.Clients, Resources: store.Resources,
		Keys: o.Keys, Hasher: o.Hasher,
		Known: clientauth.NewClientKeys(o.Fetch, o.Now), Wrong: limit.NewTable[limit.Spent](clientauth.MaxCounted),
		Now: o.Now}
	p := &Provider{browsers: browsers, scripts: &scriptAccess{store.Clients},
		authorize: &authorize.Handler{Issuer: o.Issuer, Clients: store.Clients, Scopes: store.Scopes,
			Settings: store.Settings,
			Grants:   store.Grants, Tokens: issued, Claims: claims, Browsers: browsers, Sealer: sealer,
			Pages: o.Pages, Sessions: o.Sessions, Now: o.Now},
		signOut: &signout.Handler{Clients: store.Clients, People: store.Sessions, Settings: store.Settings,
			Tokens: issued,
			Sealer: sealer, Pages: o.Pages, Sessions: o.Sessions, Now: o.Now},
		token: tokenendpoint.New(tokenendpoint.Handler{Auth: auth, Tokens: issued, Grants: store.Grants,
			Scopes: store.Scopes,
			Keys:   o.Keys, Now: o.Now}),
		userinfo: &userinfo.Handler{Tokens: issued, Claims: claims},
		introspection: &introspection.Handler{Issuer: o.Issuer, Auth: auth, Tokens: issued, Clients: store.Clients,
			Grants: store.Grants, Now: o.Now},
		revocation: &introspection.RevocationHandler{Auth: auth, Tokens: issued, Clients: store.Clients,
			Grants: store.Grants},
		discovery: &discovery.Handler{Issuer: o.Issuer, Scopes: store.Scopes, Settings: store.Settings, Keys: o.Keys},
		admin:     &administration{tokens: issued, clients: store.Clients},
	}
	_, err = p.discovery.Document(all)
	return p, err
}

// Flow finds the flow that the request's path names, for its pages: see [Flow].
func (p *Provider) Flow(r *http.Request) (*authorize.Flow, *authorize.Ending) {
	return p.authorize.Flow(r)
}

// Logout finds the app's request to sign somebody out that the address carries: see [Logout].
func (p *Provider) Logout(r *http.Request) (*signout.Logout, *signout.SignOutEnding) {
	return p.signOut.Logout(r)
}

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
	r.Handle(oauth.PathDiscovery, p.scripts.allow(http.HandlerFunc(p.discovery.ServeMetadata))).Methods(readable...)
	r.Handle(oauth.PathMetadata, p.scripts.allow(http.HandlerFunc(p.discovery.ServeMetadata))).Methods(readable...)
	r.Handle(oauth.PathJWKS, p.scripts.allow(http.HandlerFunc(p.discovery.ServeJWKS))).Methods(readable...)
	r.Handle(discovery.PathWebFinger, public(http.HandlerFunc(p.discovery.ServeWebFinger))).Methods(readable...)
	r.Handle(oauth.PathToken, p.scripts.allow(p.token))
	r.Handle(oauth.PathIntrospection, p.introspection)
	r.Handle(oauth.PathRevocation, p.scripts.allow(p.revocation))
	r.Handle(oauth.PathUserinfo, p.scripts.allow(p.userinfo))
	r.Handle(oauth.PathAuthorize, p.authorize).Methods(http.MethodGet, http.MethodPost)
	r.Handle(oauth.PathEndSession, p.signOut).Methods(http.MethodGet, http.MethodPost)
	r.HandleFunc(authorize.PathFlow, p.authorize.ServePosted).Methods(http.MethodGet)
	r.HandleFunc(authorize.PathFlow+"/{flow}", p.authorize.ServeFlow).Methods(http.MethodGet)
}
