package introspection

import (
	"context"

	"latchkey/op/oauth"
	"latchkey/storage/apps"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// introspectFor tells a resource what an access token is worth at it: of the token's
// scopes and of its audience only what is its own, and of its user no more than the
// subject. A refresh token is for nobody but the client.
func (h *Handler) introspectFor(ctx context.Context, r *apps.Resource, token string) (introspected, error) {
	t, id, err := h.Tokens.Open(token)
	if err != nil {
		return introspected{}, err
	}
	out := introspected{Active: true, TokenType: oidc.BearerToken, Expires: t.Expires.Unix(), Issuer: h.Issuer,
		Audience: oauth.Audience{r.Identifier}}
	var scopes apps.Offers
	if t.Grant.IsZero() {
		a, err := h.Clients.OwnAccess(ctx, t.ClientToken(id), t.Own)
		if err != nil {
			return introspected{}, err
		}
		scopes, out.ClientID, out.Subject = a.Effective, a.Client.ID, a.Client.ID
	} else {
		a, err := h.Tokens.OpenGrant(ctx, t, id)
		if err != nil {
			return introspected{}, err
		}
		scopes, out.ClientID, out.Subject = a.Effective, a.Client.ID, a.User.Subject()
	}
	if out.Scope = scopes.Of(r.ID).Names(); len(out.Scope) == 0 {
		return introspected{}, nil
	}
	return out, nil
}
