package op

import (
	"context"
	"net/http"
	"net/url"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/internal/edge"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// serveRevocation is RFC 7009's endpoint.
func (p *Provider) serveRevocation(framework http.Handler) http.HandlerFunc {
	return p.serveTokenCall(PathRevocation, framework, p.authenticate, func(c *call) (url.Values, *apiError) {
		return url.Values{"token": {c.sent.Get("token")}}, nil
	})
}

// Revocation ends a token: a refresh token with its whole grant, an access token
// alone. A token that is unknown, or over, is no error (RFC 7009 section 2.2). The
// hint is not needed: a token says itself what it is.
func (s *server) Revocation(ctx context.Context, _ *zop.ClientRequest[oidc.RevocationRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	refused, err := s.p.revoke(ctx, c, c.sent.Get("token"))
	switch {
	case err != nil && !isRefusal(err):
		return c.refuse(failed(err))
	case refused == grants.RefusedForeign:
		return c.refuse(&apiError{status: http.StatusBadRequest, code: "unauthorized_client", text: refused})
	case refused != "":
		return c.refuse(notAuthenticated(refused))
	}
	if e := c.settled(nil); e != nil {
		return c.refuse(e)
	}
	if err != nil {
		edge.Fail(ctx, "", err) // nothing was ended; to the caller that is no error
	}
	return zop.NewResponse(nil), nil
}

// revoke ends a token of the client's; refused says why not, as storage does.
func (p *Provider) revoke(ctx context.Context, c *call, token string) (refused string, err error) {
	if t, err := p.ownRefreshToken(ctx, token); err == nil {
		return p.revokeGrant(ctx, c, t.Grant, nil)
	} else if !isRefusal(err) {
		return "", err
	}
	t, id, err := p.openToken(token)
	if err != nil {
		return "", err
	}
	if !t.grant.IsZero() {
		return p.revokeGrant(ctx, c, t.grant, id)
	}
	of, err := p.store.Clients.OfToken(ctx, t.named(id))
	if err != nil {
		return "", err
	}
	if of.UID != c.client.UID {
		return grants.RefusedForeign, nil
	}
	fresh, err := p.store.Clients.RevokeToken(ctx, t.named(id), c.take())
	if err == nil && !fresh {
		refused = apps.RefusedAssertion
	}
	return refused, err
}

func (p *Provider) revokeGrant(ctx context.Context, c *call, grant storage.ID, token []byte) (refused string, err error) {
	by := storage.Actor{Via: storage.ViaOP, RequestID: edge.RequestID(ctx)}
	return p.store.Grants.Revoke(ctx, by, grants.Revocation{Grant: grant, ClientUID: c.client.UID, Token: token, Assertion: c.take()})
}
