package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/internal/edge"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// serveIntrospection is RFC 7662's endpoint. Only confidential clients and resources
// may ask.
func (p *Provider) serveIntrospection(framework http.Handler) http.HandlerFunc {
	return p.serveTokenCall(PathIntrospection, framework, p.introspecter, func(c *call) (url.Values, *apiError) {
		if e := c.settled(nil); e != nil {
			return nil, e
		}
		return url.Values{"token": {c.sent.Get("token")}}, nil
	})
}

// introspecter finds out who asks: a resource, or a confidential client.
func (p *Provider) introspecter(r *http.Request, form url.Values) (*call, *apiError) {
	sent, e := readCredentials(r.Header, form)
	if e != nil {
		return nil, e
	}
	resource, e := p.authenticateResource(r.Context(), sent)
	if e != nil || resource != nil {
		return &call{request: r, resource: resource, sent: form}, e
	}
	c, e := p.authenticateClient(r, form, sent)
	if e == nil && !c.client.Confidential() {
		e = notAuthenticated("a public client may not introspect")
	}
	return c, e
}

// authenticator finds out who calls.
type authenticator func(r *http.Request, sent url.Values) (*call, *apiError)

// serveTokenCall serves an endpoint to which a caller sends a token: POST only,
// parameters in the body only, the caller authenticated by who.
func (p *Provider) serveTokenCall(path string, framework http.Handler, who authenticator, form func(*call) (url.Values, *apiError)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		noStore(w)
		if e := postOnly(w, r, "this endpoint"); e != nil {
			e.write(w, r)
			return
		}
		c, e := readTokenCall(w, r, who)
		if e != nil {
			e.write(w, r)
			return
		}
		decoded, e := form(c)
		if e != nil {
			e.write(w, r)
			return
		}
		pass(framework, w, r, path, decoded, c)
	}
}

func postOnly(w http.ResponseWriter, r *http.Request, endpoint string) *apiError {
	if r.Method == http.MethodPost {
		return nil
	}
	w.Header().Set("Allow", http.MethodPost)
	e := invalidRequest("%s takes POST only", endpoint)
	e.status = http.StatusMethodNotAllowed
	return e
}

func readTokenCall(w http.ResponseWriter, r *http.Request, who authenticator) (*call, *apiError) {
	sent, e := postForm(w, r, tokenCallParameters)
	if e != nil {
		return nil, e
	}
	c, e := who(r, sent)
	if e == nil && sent.Get("token") == "" {
		e = c.settled(invalidRequest("token is missing"))
	}
	return c, e
}

// introspected is the answer of RFC 7662 section 2.2. The framework's type leaves
// out nothing that is false, and carries a user's claims, which are userinfo's.
type introspected struct {
	Active    bool                     `json:"active"`
	Scope     oidc.SpaceDelimitedArray `json:"scope,omitempty"`
	ClientID  string                   `json:"client_id,omitempty"`
	Username  string                   `json:"username,omitempty"`
	TokenType string                   `json:"token_type,omitempty"`
	Expires   int64                    `json:"exp,omitempty"`
	Subject   string                   `json:"sub,omitempty"`
	Issuer    string                   `json:"iss,omitempty"`
	AuthTime  int64                    `json:"auth_time,omitempty"`
	Audience  audience                 `json:"aud,omitempty"`
}

// Introspect says what a token is worth now, to the client it was issued to and to
// the resources it is for; of all others it says that they are not active, and no
// more.
func (s *server) Introspect(ctx context.Context, _ *zop.Request[zop.IntrospectionRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	ask := func() (introspected, error) { return s.p.introspect(ctx, c.client, c.sent.Get("token")) }
	if c.resource != nil {
		ask = func() (introspected, error) { return s.p.introspectFor(ctx, c.resource, c.sent.Get("token")) }
	}
	out, err := ask()
	switch {
	case err == nil && !out.Active:
		err = errNotTheirs
		fallthrough
	case isRefusal(err):
		edge.Note(ctx, slog.Bool("active", false))
		edge.Fail(ctx, "", err) // the caller is told no reason
		return zop.NewResponse(introspected{}), nil
	case err == nil:
		return zop.NewResponse(out), nil
	default:
		return c.refuse(failed(err))
	}
}

var errNotTheirs = errors.New("it is neither the caller's nor for the caller, or its refresh token is not the current one")

func (p *Provider) introspect(ctx context.Context, c *apps.Client, token string) (introspected, error) {
	if t, err := p.ownRefreshToken(ctx, token); err == nil {
		return p.introspectRefresh(ctx, c, t.Grant, t.Generation)
	} else if !isRefusal(err) {
		return introspected{}, err
	}
	t, id, err := p.openToken(token)
	if err != nil {
		return introspected{}, err
	}
	if t.grant.IsZero() {
		return p.introspectOwn(ctx, c, t, id)
	}
	a, err := p.opens(ctx, t, id)
	if err != nil || a.Client.UID != c.UID {
		return introspected{}, err
	}
	out := p.introspectedOf(a)
	out.TokenType, out.Expires, out.Audience = oidc.BearerToken, t.expires.Unix(), p.audience(a.Effective)
	return out, nil
}

func (p *Provider) introspectedOf(a *grants.Access) introspected {
	return introspected{Active: true, Scope: a.Scopes, ClientID: a.Client.ID, Username: a.User.Username,
		Subject: a.User.Subject(), Issuer: p.issuer, AuthTime: a.Grant.AuthTime.Unix()}
}

// introspectRefresh: a refresh token is active while it is the current one.
func (p *Provider) introspectRefresh(ctx context.Context, c *apps.Client, grant storage.ID, generation uint32) (introspected, error) {
	a, err := p.store.Grants.Access(ctx, grant, nil)
	if err != nil || a.Client.UID != c.UID || a.State.Generation != generation || !mayRefresh(a) || a.RefreshOver(p.now()) != "" {
		return introspected{}, err
	}
	return p.introspectedOf(a), nil
}

func (p *Provider) introspectOwn(ctx context.Context, c *apps.Client, t accessToken, id []byte) (introspected, error) {
	a, err := p.store.Clients.OwnAccess(ctx, t.named(id), t.own)
	if err != nil || a.Client.UID != c.UID {
		return introspected{}, err
	}
	return introspected{Active: true, Scope: a.Effective.Names(), ClientID: c.ID, TokenType: oidc.BearerToken,
		Expires: t.expires.Unix(), Subject: c.ID, Issuer: p.issuer, Audience: p.audience(a.Effective)}, nil
}

// named is how the store knows a token of a client's own.
func (t accessToken) named(id []byte) apps.ClientToken {
	return apps.ClientToken{ClientID: t.client, Epoch: uint64(t.epoch), Expires: t.expires, Token: id}
}
