package api

import (
	"context"
	"net/http"

	"latchkey/api/wire"
	"latchkey/storage"
)

// Keys is what is asked of the keys: package keys has them.
type Keys interface {
	List(context.Context) (wire.KeyList, error)
	// Rotate replaces the signing key of one algorithm, or of all if it is "".
	// Errors: *storage.Invalid, storage.ErrForbidden.
	Rotate(ctx context.Context, by storage.Actor, alg string) ([]wire.Rotation, error)
	// Discard does it at once, and ends what was made with the old ones; with "" the
	// data keys go too. Errors as of Rotate.
	Discard(ctx context.Context, by storage.Actor, alg string) ([]wire.Rotation, error)
	// Reload brings the keys to what the settings say now.
	Reload(context.Context) error
}

func (r *routes) keys() {
	handle(r, "list-keys", http.MethodGet, "/keys", "List keys", 200,
		func(ctx context.Context, _ *struct{}) (*out[wire.KeyList], error) {
			list, err := r.Keys.List(ctx)
			return &out[wire.KeyList]{list}, err
		})
	handle(r, "rotate-keys", http.MethodPost, "/keys/rotate", "Replace signing keys", 200,
		func(ctx context.Context, in *ofAlgorithm) (*out[wire.Rotations], error) {
			done, err := r.Keys.Rotate(ctx, r.Actor(ctx), in.Body.Algorithm)
			return &out[wire.Rotations]{wire.Rotations{Rotations: done}}, err
		})
	handle(r, "discard-keys", http.MethodPost, "/keys/discard", "Replace leaked keys, and end what was made with them", 200,
		func(ctx context.Context, in *ofAlgorithm) (*out[wire.Rotations], error) {
			done, err := r.Keys.Discard(ctx, r.Actor(ctx), in.Body.Algorithm)
			return &out[wire.Rotations]{wire.Rotations{Rotations: done}}, err
		})
}

type ofAlgorithm struct {
	Body struct {
		Algorithm string `json:"alg,omitempty" minLength:"1" doc:"Only those of this algorithm; default all"`
	}
}
