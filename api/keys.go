package api

import (
	"context"
	"net/http"
	"time"

	"latchkey/api/wire"
	"latchkey/keys"
)

func (r *routes) keys() {
	handle(r, "list-keys", http.MethodGet, "/keys", "List keys", 200, r.listKeys)
	handle(r, "rotate-keys", http.MethodPost, "/keys/rotate", "Replace signing keys", 200, r.rotateKeys)
	handle(r, "discard-keys", http.MethodPost, "/keys/discard",
		"Replace leaked keys, and end what was made with them", 200, r.discardKeys)
}

type ofAlgorithm struct {
	Body struct {
		Algorithm string `json:"alg,omitempty" minLength:"1" doc:"Only those of this algorithm; default all"`
	}
}

func (r *routes) listKeys(ctx context.Context, _ *struct{}) (*out[wire.KeyList], error) {
	signing, data, err := r.Operations.Keys.List(ctx)
	if err != nil {
		return nil, err
	}
	list := wire.KeyList{SigningKeys: []wire.Key{}, DataKeys: []wire.Key{}}
	for _, k := range signing {
		list.SigningKeys = append(list.SigningKeys, keyOf(k))
	}
	for _, k := range data {
		v := keyOf(k)
		v.Purpose = string(k.Purpose)
		list.DataKeys = append(list.DataKeys, v)
	}
	return &out[wire.KeyList]{list}, nil
}

func (r *routes) rotateKeys(ctx context.Context, in *ofAlgorithm) (*out[wire.Rotations], error) {
	return rotations(r.Operations.RotateKeys(ctx, r.Actor(ctx), in.Body.Algorithm))
}

func (r *routes) discardKeys(ctx context.Context, in *ofAlgorithm) (*out[wire.Rotations], error) {
	return rotations(r.Operations.DiscardKeys(ctx, r.Actor(ctx), in.Body.Algorithm))
}

func keyOf(k keys.Info) wire.Key {
	return wire.Key{ID: k.ID, Algorithm: k.Algorithm, State: k.State, Enabled: k.Enabled, CreatedAt: k.Created,
		ActivatedAt: known(k.Activated), RetiredAt: known(k.Retired), Then: string(k.Then), ThenAt: known(k.At)}
}

// known is an instant, or nil if there is none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func rotations(done []keys.Rotation, err error) (*out[wire.Rotations], error) {
	if err != nil {
		return nil, err
	}
	all := make([]wire.Rotation, len(done))
	for i, d := range done {
		all[i] = wire.Rotation{Algorithm: d.Algorithm, From: d.From, To: d.To, At: d.At, Until: d.Until,
			Done: !d.At.After(time.Now())}
	}
	return &out[wire.Rotations]{wire.Rotations{Rotations: all}}, nil
}
