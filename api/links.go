package api

import (
	"context"
	"net/http"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/people"
)

func (r *routes) links() {
	handle(r, "create-setup-link", http.MethodPost, "/setup-link", "Make the link that creates the first administrator", 201,
		func(ctx context.Context, _ *struct{}) (*out[wire.Link], error) {
			return r.link(ctx, people.LinkSetUp, storage.ID{})
		})
	handle(r, "create-recovery-link", http.MethodPost, "/users/{sub}/recovery-link", "Make a link that sets a user's password", 201,
		func(ctx context.Context, in *bySub) (*out[wire.Link], error) {
			return r.link(ctx, people.LinkRecovery, in.Sub)
		})
}

func (r *routes) link(ctx context.Context, kind people.LinkKind, user storage.ID) (*out[wire.Link], error) {
	token, hash := r.NewLink()
	expires, err := r.Store.Links.Create(ctx, r.Actor(ctx), kind, user, hash)
	if err != nil {
		return nil, err
	}
	return &out[wire.Link]{wire.Link{URL: r.LinkURL(kind, token), ExpiresAt: expires}}, nil
}
