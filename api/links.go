package api

import (
	"context"
	"net/http"

	"latchkey/api/wire"
	"latchkey/usecase"
)

func (r *routes) links() {
	handle(r, "create-setup-link", http.MethodPost, "/setup-link",
		"Make the link that creates the first administrator", 201,
		func(ctx context.Context, _ *struct{}) (*out[wire.Link], error) {
			return link(r.Operations.SetUpLink(ctx, r.Actor(ctx)))
		})
	handle(r, "create-recovery-link", http.MethodPost, "/users/{sub}/recovery-link",
		"Make a link that sets a user's password", 201,
		func(ctx context.Context, in *bySub) (*out[wire.Link], error) {
			return link(r.Operations.RecoveryLink(ctx, r.Actor(ctx), in.Sub))
		})
}

func link(made usecase.Link, err error) (*out[wire.Link], error) {
	if err != nil {
		return nil, err
	}
	return &out[wire.Link]{wire.Link{URL: made.URL, ExpiresAt: made.Expires}}, nil
}
