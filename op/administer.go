package op

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"latchkey/internal/edge"
	"latchkey/storage"
)

// What is wrong with an access token at the administration API.
var (
	ErrInvalidToken      = errors.New("op: the access token is not valid, expired or revoked")
	ErrInsufficientScope = errors.New("op: the access token has no scope for the administration API")
)

// Administer returns on whose behalf an access token acts at the administration API:
// for a user, with the roles they have in the snapshot that the token was judged in,
// or for the client itself. Without the scope admin the actor may only look. Errors:
// ErrInvalidToken, ErrInsufficientScope.
func (p *Provider) Administer(ctx context.Context, token string) (storage.Actor, error) {
	by, scopes, err := p.bears(ctx, token)
	switch {
	case err != nil && isRefusal(err):
		return storage.Actor{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	case err != nil:
		return storage.Actor{}, err
	case slices.Contains(scopes, storage.ScopeAdmin):
		return by, nil
	case slices.Contains(scopes, storage.ScopeAdminRead):
		by.ReadOnly = true
		return by, nil
	}
	return storage.Actor{}, ErrInsufficientScope
}

// bears is whom an access token stands for now, and with which scopes.
func (p *Provider) bears(ctx context.Context, token string) (storage.Actor, []string, error) {
	t, id, err := p.openToken(token)
	if err != nil {
		return storage.Actor{}, nil, err
	}
	if t.grant.IsZero() {
		a, err := p.store.Clients.OwnAccess(ctx, t.named(id), t.own)
		if err != nil {
			return storage.Actor{}, nil, err
		}
		edge.ClientID(ctx, a.Client.ID)
		return storage.Actor{Client: a.Client.ID, Via: storage.ViaAPI, RequestID: edge.RequestID(ctx)}, a.Effective.Names(), nil
	}
	a, err := p.opens(ctx, t, id)
	if err != nil {
		return storage.Actor{}, nil, err
	}
	edge.ClientID(ctx, a.Client.ID)
	edge.Sub(ctx, a.User.Subject())
	by := a.User.Actor(storage.ViaAPI, edge.RequestID(ctx))
	by.Client = a.Client.ID
	return by, a.Scopes, nil
}
