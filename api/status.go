package api

import (
	"context"
	"net/http"

	"latchkey/api/wire"
)

func (r *routes) status() {
	if r.Status == nil {
		return
	}
	handle(r, "get-status", http.MethodGet, "/status", "Say how the server is", 200,
		func(ctx context.Context, _ *struct{}) (*out[wire.Status], error) {
			return &out[wire.Status]{r.Status(ctx)}, nil
		})
}
