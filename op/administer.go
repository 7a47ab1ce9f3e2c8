package op

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"latchkey/internal/edge"
	"latchkey/op/tokens"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// What is wrong with an access token at the administration API.
var (
	ErrInvalidToken      = errors.New("op: the access token is not valid, expired or revoked")
	ErrInsufficientScope = errors.New("op: the access token has no scope for the administration API")
)

// Administer is [Provider.Administer].
func (a *administration) Administer(ctx context.Context, token string) (storage.Actor, error) {
	by, scopes, err := a.bears(ctx, token)
	switch {
	case err != nil && tokens.IsRefusal(err):
		return storage.Actor{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	case err != nil:
		return storage.Actor{}, err
	case slices.Contains(scopes, apps.ScopeAdmin):
		return by, nil
	case slices.Contains(scopes, apps.ScopeAdminRead):
		by.ReadOnly = true
		return by, nil
	}
	return storage.Actor{}, ErrInsufficientScope
}

// administration lets access tokens be used at the administration API.
type administration struct {
	tokens  *tokens.Tokens
	clients apps.Clients
}

// errForAPIs refuses a token that an API was meant to be sent: it could administer with
// it. What it was made for counts, not what is left of that: an API that is shut down
// still has the tokens that it was sent.
var errForAPIs = errors.New("it is for other APIs too: ask for one with the issuer as the resource")

// bears is whom an access token stands for now, and with which scopes.
func (a *administration) bears(ctx context.Context, token string) (storage.Actor, []string, error) {
	t, id, err := a.tokens.Open(token)
	if err != nil {
		return storage.Actor{}, nil, err
	}
	by := storage.Actor{Via: storage.ViaAPI, RequestID: edge.RequestID(ctx)}
	var made, scopes []string
	if t.Grant.IsZero() {
		access, err := a.clients.OwnAccess(ctx, t.ClientToken(id), t.Own)
		if err != nil {
			return storage.Actor{}, nil, err
		}
		by.Client, made, scopes = access.Client.ID, t.Own, access.Effective.Names()
	} else {
		access, err := a.tokens.OpenGrant(ctx, t, id)
		if err != nil {
			return storage.Actor{}, nil, err
		}
		edge.Sub(ctx, access.User.Subject())
		by = access.User.Actor(by.Via, by.RequestID)
		by.Client, made, scopes = access.Client.ID, t.MadeFor(access.Grant.Scopes), access.Scopes
	}
	edge.ClientID(ctx, by.Client)
	if slices.ContainsFunc(made, func(s string) bool { return !apps.IsOwnScope(s) }) {
		return storage.Actor{}, nil, fmt.Errorf("%w: %w", tokens.ErrAccessToken, errForAPIs)
	}
	return by, scopes, nil
}
