package api

import (
	"context"
	"net/http"
	"time"

	"latchkey/storage"
	"latchkey/storage/policy"
)

// Keys is what is asked of the keys: package keys has them.
type Keys interface {
	List(context.Context) (KeyList, error)
	// Rotate replaces the signing key of one algorithm, or of all if it is "".
	// Errors: *storage.Invalid, storage.ErrForbidden.
	Rotate(ctx context.Context, by storage.Actor, alg string) ([]Rotation, error)
	// Discard does it at once, and ends what was made with the old ones; with "" the
	// data keys go too. Errors as of Rotate.
	Discard(ctx context.Context, by storage.Actor, alg string) ([]Rotation, error)
	// Reload brings the keys to what the settings say now.
	Reload(context.Context) error
}

// KeyList is every key, without anything secret.
type KeyList struct {
	SigningKeys []Key `json:"signing_keys"`
	DataKeys    []Key `json:"data_keys"`
}

// Key is what can be told of a key.
type Key struct {
	ID          string          `json:"id" doc:"Of a signing key: the kid"`
	Algorithm   string          `json:"alg,omitempty" minLength:"1" doc:"Of a signing key"`
	Purpose     string          `json:"purpose,omitempty" doc:"Of a data key"`
	State       policy.KeyState `json:"state"`
	Enabled     bool            `json:"enabled" doc:"Of a signing key: whether signing_algorithms lets it be published and used"`
	CreatedAt   time.Time       `json:"created_at"`
	ActivatedAt *time.Time      `json:"activated_at,omitempty"`
	RetiredAt   *time.Time      `json:"retired_at,omitempty"`
	Then        string          `json:"then,omitempty" doc:"What happens next: signs, replaced, removed; empty: nothing by itself"`
	ThenAt      *time.Time      `json:"then_at,omitempty"`
}

// Rotation is what a rotation does for one algorithm.
type Rotation struct {
	Algorithm string    `json:"alg"`
	From      string    `json:"from" doc:"The kid that is replaced"`
	To        string    `json:"to" doc:"The kid that replaces it, published by now"`
	At        time.Time `json:"at" doc:"When it signs: past, or still to come"`
	Until     time.Time `json:"until" doc:"When the one replaced is removed"`
	Done      bool      `json:"done" doc:"Whether it signs already"`
}

// Rotations is what a rotation does.
type Rotations struct {
	Rotations []Rotation `json:"rotations"`
}

func (r *routes) keys() {
	handle(r, "list-keys", http.MethodGet, "/keys", "List keys", 200,
		func(ctx context.Context, _ *struct{}) (*out[KeyList], error) {
			list, err := r.Keys.List(ctx)
			return &out[KeyList]{list}, err
		})
	handle(r, "rotate-keys", http.MethodPost, "/keys/rotate", "Replace signing keys", 200,
		func(ctx context.Context, in *ofAlgorithm) (*out[Rotations], error) {
			done, err := r.Keys.Rotate(ctx, r.Actor(ctx), in.Body.Algorithm)
			return &out[Rotations]{Rotations{Rotations: done}}, err
		})
	handle(r, "discard-keys", http.MethodPost, "/keys/discard", "Replace leaked keys, and end what was made with them", 200,
		func(ctx context.Context, in *ofAlgorithm) (*out[Rotations], error) {
			done, err := r.Keys.Discard(ctx, r.Actor(ctx), in.Body.Algorithm)
			return &out[Rotations]{Rotations{Rotations: done}}, err
		})
}

type ofAlgorithm struct {
	Body struct {
		Algorithm string `json:"alg,omitempty" minLength:"1" doc:"Only those of this algorithm; default all"`
	}
}

// ListKeys returns every key.
func (c *Caller) ListKeys(ctx context.Context) (KeyList, error) {
	return call[KeyList](ctx, c, http.MethodGet, "/keys", nil)
}

// RotateKeys replaces the signing key of one algorithm, or of all if it is "".
func (c *Caller) RotateKeys(ctx context.Context, alg string) ([]Rotation, error) {
	return c.replaceKeys(ctx, "/keys/rotate", alg)
}

// DiscardKeys does it at once, and ends what was made with the old ones; with ""
// sessions and tokens end too.
func (c *Caller) DiscardKeys(ctx context.Context, alg string) ([]Rotation, error) {
	return c.replaceKeys(ctx, "/keys/discard", alg)
}

func (c *Caller) replaceKeys(ctx context.Context, path, alg string) ([]Rotation, error) {
	fields := Fields{}
	if alg != "" {
		fields["alg"] = alg
	}
	done, err := call[Rotations](ctx, c, http.MethodPost, path, fields)
	return done.Rotations, err
}
