package api_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"latchkey/api"
	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/policy"
)

// rack stands in for the keys.
type rack struct {
	list    wire.KeyList
	rotated []string
	by      storage.Actor
	err     error
}

func (r *rack) List(context.Context) (wire.KeyList, error) { return r.list, r.err }

func (r *rack) Rotate(_ context.Context, by storage.Actor, alg string) ([]wire.Rotation, error) {
	switch alg {
	case "nonsense":
		return nil, &storage.Invalid{Field: "alg", Reason: "must be another"}
	case "forbidden":
		return nil, storage.ErrForbidden
	}
	r.by, r.rotated = by, append(r.rotated, alg)
	return []wire.Rotation{{Algorithm: "ES256", From: "a", To: "b", At: time.Unix(1, 0).UTC(), Until: time.Unix(2, 0).UTC(), Done: true}}, nil
}

func (r *rack) Discard(ctx context.Context, by storage.Actor, alg string) ([]wire.Rotation, error) {
	done, err := r.Rotate(ctx, by, alg)
	if err == nil {
		r.rotated[len(r.rotated)-1] += " discarded"
	}
	return done, err
}

func (r *rack) Reload(context.Context) error { return r.err }

func TestKeysAreListedAsTheyAre(t *testing.T) {
	at := time.Unix(1e9, 0).UTC()
	r := &rack{list: wire.KeyList{
		SigningKeys: []wire.Key{{ID: "kid", Algorithm: "ES256", State: policy.KeyNext, Enabled: true, CreatedAt: at, Then: "signs", ThenAt: &at}},
		DataKeys:    []wire.Key{{ID: "7", Purpose: "sid", State: policy.KeyCurrent, CreatedAt: at, ActivatedAt: &at, RetiredAt: &at}},
	}}
	h := newHouse(t, func(o *api.Options) { o.Keys = r })
	if got := must[wire.KeyList](t)(h.ListKeys(t.Context())); !reflect.DeepEqual(got, r.list) {
		t.Errorf("%+v, want %+v", got, r.list)
	}
}

func TestRotationIsAskedForByTheCallerAndAnswered(t *testing.T) {
	r := &rack{}
	h := newHouse(t, func(o *api.Options) { o.Keys = r })
	for _, alg := range []string{"", "ES256"} {
		done := must[[]wire.Rotation](t)(h.RotateKeys(t.Context(), alg))
		if want := must[[]wire.Rotation](t)(r.Rotate(t.Context(), storage.Operator, alg)); !reflect.DeepEqual(done, want) {
			t.Errorf("%+v, want %+v", done, want)
		}
	}
	if want := []string{"", "", "ES256", "ES256"}; !reflect.DeepEqual(r.rotated, want) || r.by.Via != storage.ViaCLI {
		t.Errorf("%q by %+v", r.rotated, r.by)
	}
	must[[]wire.Rotation](t)(h.DiscardKeys(t.Context(), "ES256"))
	if last := r.rotated[len(r.rotated)-1]; last != "ES256 discarded" {
		t.Error(last)
	}
	problem := new(wire.Problem)
	if _, err := h.RotateKeys(t.Context(), "nonsense"); !errors.As(err, &problem) || problem.Status != 422 || problem.Error() != "alg must be another" {
		t.Errorf("%v", err)
	}
	if _, err := h.RotateKeys(t.Context(), "forbidden"); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("%v", err)
	}
}

// They are stored, whatever becomes of the keys, which are looked at again later.
func TestSettingsAreChangedThoughTheKeysCannotFollow(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Keys = &rack{err: errors.New("no")} })
	must[[]wire.Setting](t)(h.ChangeSettings(t.Context(), client.Fields{"lifetimes.code": 30}))
	if set := must[policy.Settings](t)(h.store.Settings.Get(t.Context())); set.Lifetimes.Code != 30 || len(h.errs) != 1 {
		t.Errorf("%+v, reported %v", set.Lifetimes, h.errs)
	}
}
