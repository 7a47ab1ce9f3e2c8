package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/internal/limit"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/store"
)

// Pages renders what the protocol must not answer by a redirect.
type Pages interface {
	Refuse(w http.ResponseWriter, r *http.Request, why Refusal)
	// Post has the browser send an answer to the app.
	Post(w http.ResponseWriter, r *http.Request, answer Post)
	// SignedOut says that an app's request to sign out is done.
	SignedOut(w http.ResponseWriter, r *http.Request, l *Logout)
}

// Sessions tells which sessions a browser carries, the one used last first. They
// need not be alive.
type Sessions interface {
	Of(r *http.Request) []storage.ID
	// Forget takes sessions that have ended out of the browser's cookie, which lives
	// for life seconds. The rest stay.
	Forget(w http.ResponseWriter, r *http.Request, life uint32, ended ...storage.ID)
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
	Sessions Sessions
	Fetch    Fetcher          // nil: clients that keep their keys elsewhere cannot authenticate
	Now      func() time.Time // nil: time.Now
}

// Provider is the OpenID provider.
type Provider struct {
	issuer   string
	cookies  Cookies
	store    *store.Store
	keys     *keys.Ring
	pages    Pages
	sessions Sessions
	hasher   Hasher
	now      func() time.Time
	known    *clientKeys
	wrong    *limit.Table[limit.Spent] // see countedBy
	claims   []*apps.Scope             // those that bring claims: the provider's own, which never change
	metadata prepared
	jwks     prepared
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
	p := &Provider{issuer: o.Issuer, cookies: Cookies{Secure: u.Scheme == "https"}, store: o.Store, keys: o.Keys,
		pages: o.Pages, sessions: o.Sessions, hasher: o.Hasher, now: o.Now, known: newClientKeys(o.Fetch, o.Now),
		wrong: limit.NewTable[limit.Spent](wrongMost)}
	all, err := o.Store.Scopes.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range all.Offers {
		if len(s.Claims) > 0 {
			p.claims = append(p.claims, s.Scope)
		}
	}
	_, err = p.document(all)
	return p, err
}

// The endpoints' paths.
const (
	PathAuthorize = "/connect/authorize"
	PathToken     = "/connect/token"
	PathUserinfo  = "/connect/userinfo"
	// PathIntrospection is RFC 7662's, PathRevocation RFC 7009's.
	PathIntrospection = "/connect/introspect"
	PathRevocation    = "/connect/revocation"
	// PathEndSession is that of RP-Initiated Logout 1.0.
	PathEndSession = "/connect/endsession"
	PathJWKS       = "/.well-known/openid-configuration/jwks"
	pathDiscovery  = "/.well-known/openid-configuration"
	pathMetadata   = "/.well-known/oauth-authorization-server" // RFC 8414 section 3
)

// Routes puts the provider's routes on r. Ours come first; what the framework
// routes is named one by one, so that nothing of it is reachable unseen.
func (p *Provider) Routes(r *mux.Router) {
	framework := zop.RegisterServer(&server{p: p}, zop.Endpoints{
		Token:         zop.NewEndpoint(PathToken),
		Userinfo:      zop.NewEndpoint(PathUserinfo),
		Introspection: zop.NewEndpoint(PathIntrospection),
		Revocation:    zop.NewEndpoint(PathRevocation),
	}, zop.WithServerCORSOptions(nil))

	r.Handle(pathDiscovery, p.forScripts(http.HandlerFunc(p.serveMetadata))).Methods(http.MethodGet, http.MethodHead, http.MethodOptions)
	r.Handle(pathMetadata, p.forScripts(http.HandlerFunc(p.serveMetadata))).Methods(http.MethodGet, http.MethodHead, http.MethodOptions)
	r.Handle(PathJWKS, p.forScripts(http.HandlerFunc(p.serveJWKS))).Methods(http.MethodGet, http.MethodHead, http.MethodOptions)
	r.Handle(pathWebFinger, public(http.HandlerFunc(p.serveWebFinger))).Methods(http.MethodGet, http.MethodHead, http.MethodOptions)
	r.Handle(PathToken, p.forScripts(p.serveToken(framework)))
	r.Handle(PathIntrospection, p.serveIntrospection(framework))
	r.Handle(PathRevocation, p.forScripts(p.serveRevocation(framework)))
	r.Handle(PathUserinfo, p.forScripts(serveUserinfo(framework)))
	r.HandleFunc(PathAuthorize, p.serveAuthorize).Methods(http.MethodGet, http.MethodPost)
	r.HandleFunc(PathEndSession, p.serveEndSession).Methods(http.MethodGet, http.MethodPost)
	r.HandleFunc(PathFlow, p.servePosted).Methods(http.MethodGet)
	r.HandleFunc(PathFlow+"/{flow}", p.serveFlow).Methods(http.MethodGet)
}
