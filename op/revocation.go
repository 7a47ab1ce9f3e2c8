package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/internal/edge"
	"latchkey/storage"
)

// serveRevocation is RFC 7009's endpoint.
func (p *Provider) serveRevocation(framework http.Handler) http.HandlerFunc {
	return p.serveTokenCall(PathRevocation, framework, func(c *call) (url.Values, *apiError) {
		return url.Values{"client_id": {c.client.ID}, "token": {c.sent.Get("token")}}, nil
	})
}

// errForeign says that a token is another client's.
var errForeign = errors.New("the token was issued to another client")

// Revocation ends a token: a refresh token with its whole grant, an access token
// alone. A token that is unknown, or over, is no error (RFC 7009 section 2.2). The
// hint is not needed: a token says itself what it is.
func (s *server) Revocation(ctx context.Context, _ *zop.ClientRequest[oidc.RevocationRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	switch err := s.p.revoke(ctx, c.client, c.sent.Get("token")); {
	case errors.Is(err, errForeign):
		return c.refuse(&apiError{status: http.StatusBadRequest, code: "unauthorized_client", text: errForeign.Error()})
	case err != nil && !isRefusal(err):
		return c.refuse(failed(err))
	}
	return zop.NewResponse(nil), nil
}

func (p *Provider) revoke(ctx context.Context, c *storage.Client, token string) error {
	by := storage.Actor{Via: storage.ViaOP, RequestID: edge.RequestID(ctx)}
	if t, err := p.ownRefreshToken(ctx, token); err == nil {
		return p.revokeGrant(ctx, by, t.Grant, c, nil)
	} else if !isRefusal(err) {
		return err
	}
	t, id, err := p.openToken(token)
	if err != nil {
		return err
	}
	if !t.grant.IsZero() {
		return p.revokeGrant(ctx, by, t.grant, c, id)
	}
	of, err := p.store.Clients.OfToken(ctx, t.named(id))
	if err != nil {
		return err
	}
	if of.UID != c.UID {
		return errForeign
	}
	_, err = p.store.Clients.RevokeToken(ctx, t.named(id), storage.Assertion{})
	return err
}

func (p *Provider) revokeGrant(ctx context.Context, by storage.Actor, grant storage.ID, c *storage.Client, token []byte) error {
	refused, err := p.store.Grants.Revoke(ctx, by, storage.Revocation{Grant: grant, ClientUID: c.UID, Token: token})
	if err == nil && refused != "" {
		err = errForeign
	}
	return err
}
