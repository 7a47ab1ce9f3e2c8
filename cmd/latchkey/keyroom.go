package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"latchkey/api/wire"
	"latchkey/keys"
	"latchkey/storage"
)

// keyRoom is the ring as the API asks for it.
type keyRoom struct {
	ring *keys.Ring
	now  func() time.Time
}

func (k keyRoom) List(ctx context.Context) (wire.KeyList, error) {
	signing, data, err := k.ring.List(ctx)
	list := wire.KeyList{SigningKeys: []wire.Key{}, DataKeys: []wire.Key{}}
	for _, info := range signing {
		list.SigningKeys = append(list.SigningKeys, keyOf(info))
	}
	for _, info := range data {
		v := keyOf(info)
		v.Purpose = string(info.Purpose)
		list.DataKeys = append(list.DataKeys, v)
	}
	return list, err
}

func keyOf(k keys.Info) wire.Key {
	return wire.Key{ID: k.ID, Algorithm: k.Algorithm, State: k.State, Enabled: k.Enabled, CreatedAt: k.Created,
		ActivatedAt: known(k.Activated), RetiredAt: known(k.Retired), Then: string(k.Then), ThenAt: known(k.At)}
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (k keyRoom) Rotate(ctx context.Context, by storage.Actor, alg string) ([]wire.Rotation, error) {
	return k.told(k.ring.Rotate(ctx, by, alg))
}

func (k keyRoom) Discard(ctx context.Context, by storage.Actor, alg string) ([]wire.Rotation, error) {
	return k.told(k.ring.Discard(ctx, by, alg))
}

func (k keyRoom) Reload(ctx context.Context) error { return k.ring.Reload(ctx) }

func (k keyRoom) told(done []keys.Rotation, err error) ([]wire.Rotation, error) {
	if errors.Is(err, keys.ErrAlgorithm) {
		err = &storage.Invalid{Field: "alg", Reason: "must be among " + strings.Join(k.ring.Algorithms(), ", ") + ": signing_algorithms enables no others"}
	}
	if err != nil {
		return nil, err
	}
	all := make([]wire.Rotation, len(done))
	for i, d := range done {
		all[i] = wire.Rotation{Algorithm: d.Algorithm, From: d.From, To: d.To, At: d.At, Until: d.Until, Done: !d.At.After(k.now())}
	}
	return all, nil
}

// keyPolicy is the settings as keys take them.
func (h *house) keyPolicy(ctx context.Context) (keys.Policy, error) {
	set, err := h.store.Settings.Get(ctx)
	if err != nil {
		return keys.Policy{}, err
	}
	return keys.PolicyOf(set), nil
}
