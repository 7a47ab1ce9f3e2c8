package op

import (
	"context"
	"errors"
	"log/slog"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"latchkey/internal/edge"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// authenticateResource recognises a resource by its id and one of its secrets, sent
// as a client would, in the header or in the body. Nil without an error: whoever asks
// does not say that it is a resource. No id is both a resource's and a client's.
func (auth *clientAuth) authenticateResource(ctx context.Context, sent credentials) (*apps.Resource, *apiError) {
	id, err := storage.ParseID(sent.id)
	if err != nil {
		return nil, nil
	}
	r, err := auth.resources.Get(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, failed(err)
	}
	edge.Note(ctx, slog.String("resource", r.Identifier))
	switch {
	case sent.method == apps.AuthMethodNone:
		return nil, noCredentials("no secret of a resource")
	case auth.matching(r.LiveSecrets(auth.now()), sent.secrets) == nil:
		return nil, auth.wrongSecret(ctx, sent, "wrong secret of a resource")
	case r.Disabled:
		return nil, notAuthenticated("the resource is disabled")
	}
	return r, nil
}

// introspectFor tells a resource what an access token is worth at it: of the token's
// scopes and of its audience only what is its own, and of its user no more than the
// subject. A refresh token is for nobody but the client.
func (h *introspectionHandler) introspectFor(ctx context.Context, r *apps.Resource, token string) (introspected, error) {
	t, id, err := h.tokens.openToken(token)
	if err != nil {
		return introspected{}, err
	}
	out := introspected{Active: true, TokenType: oidc.BearerToken, Expires: t.expires.Unix(), Issuer: h.issuer,
		Audience: audience{r.Identifier}}
	var scopes apps.Offers
	if t.grant.IsZero() {
		a, err := h.clients.OwnAccess(ctx, t.named(id), t.own)
		if err != nil {
			return introspected{}, err
		}
		scopes, out.ClientID, out.Subject = a.Effective, a.Client.ID, a.Client.ID
	} else {
		a, err := h.tokens.opens(ctx, t, id)
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
