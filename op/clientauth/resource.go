package clientauth

import (
	"context"
	"errors"
	"log/slog"

	"latchkey/internal/edge"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// AuthenticateResource recognises a resource by its id and one of its secrets, sent
// as a client would, in the header or in the body. Nil without an error: whoever asks
// does not say that it is a resource. No id is both a resource's and a client's.
func (auth *Authenticator) AuthenticateResource(ctx context.Context, sent credentials) (*apps.Resource, *oauth.Error) {
	id, err := storage.ParseID(sent.id)
	if err != nil {
		return nil, nil
	}
	r, err := auth.Resources.Get(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, oauth.Failed(err)
	}
	edge.Note(ctx, slog.String("resource", r.Identifier))
	switch {
	case sent.method == apps.AuthMethodNone:
		return nil, noCredentials("no secret of a resource")
	case auth.matching(r.LiveSecrets(auth.Now()), sent.secrets) == nil:
		return nil, auth.wrongSecret(ctx, sent, "wrong secret of a resource")
	case r.Disabled:
		return nil, NotAuthenticated("the resource is disabled")
	}
	return r, nil
}
