package api_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/api"
	"latchkey/storage/policy"
)

// rack stands in for the keys.
type rack struct {
	list    api.KeyList
	rotated []string
	by      storage.Actor
	err     error
}

func (r *rack) List(context.Context) (api.KeyList, error) { return r.list, r.err }

func (r *rack) Rotate(_ context.Context, by storage.Actor, alg string) ([]api.Rotation, error) {
	switch alg {
	case "nonsense":
		return nil, &storage.Invalid{Field: "alg", Reason: "must be another"}
	case "forbidden":
		return nil, storage.ErrForbidden
	}
	r.by, r.rotated = by, append(r.rotated, alg)
	return []api.Rotation{{Algorithm: "ES256", From: "a", To: "b", At: time.Unix(1, 0).UTC(), Until: time.Unix(2, 0).UTC(), Done: true}}, nil
}

func (r *rack) Discard(ctx context.Context, by storage.Actor, alg string) ([]api.Rotation, error) {
	done, err := r.Rotate(ctx, by, alg)
	if err == nil {
		r.rotated[len(r.rotated)-1] += " discarded"
	}
	return done, err
}

func (r *rack) Reload(context.Context) error { return r.err }

func TestKeysAreListedAsTheyAre(t *testing.T) {
	at := time.Unix(1e9, 0).UTC()
	r := &rack{list: api.KeyList{
		SigningKeys: []api.Key{{ID: "kid", Algorithm: "ES256", State: policy.KeyNext, Enabled: true, CreatedAt: at, Then: "signs", ThenAt: &at}},
		DataKeys:    []api.Key{{ID: "7", Purpose: "sid", State: policy.KeyCurrent, CreatedAt: at, ActivatedAt: &at, RetiredAt: &at}},
	}}
	h := newHouse(t, func(o *api.Options) { o.Keys = r })
	if got := must[api.KeyList](t)(h.ListKeys(t.Context())); !reflect.DeepEqual(got, r.list) {
		t.Errorf("%+v, want %+v", got, r.list)
	}
}

func TestRotationIsAskedForByTheCallerAndAnswered(t *testing.T) {
	r := &rack{}
	h := newHouse(t, func(o *api.Options) { o.Keys = r })
	for _, alg := range []string{"", "ES256"} {
		done := must[[]api.Rotation](t)(h.RotateKeys(t.Context(), alg))
		if want := must[[]api.Rotation](t)(r.Rotate(t.Context(), storage.Operator, alg)); !reflect.DeepEqual(done, want) {
			t.Errorf("%+v, want %+v", done, want)
		}
	}
	if want := []string{"", "", "ES256", "ES256"}; !reflect.DeepEqual(r.rotated, want) || r.by.Via != storage.ViaCLI {
		t.Errorf("%q by %+v", r.rotated, r.by)
	}
	must[[]api.Rotation](t)(h.DiscardKeys(t.Context(), "ES256"))
	if last := r.rotated[len(r.rotated)-1]; last != "ES256 discarded" {
		t.Error(last)
	}
	problem := new(api.Problem)
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
	must[[]api.Setting](t)(h.ChangeSettings(t.Context(), api.Fields{"lifetimes.code": 30}))
	if set := must[policy.Settings](t)(h.store.Settings.Get(t.Context())); set.Lifetimes.Code != 30 || len(h.errs) != 1 {
		t.Errorf("%+v, reported %v", set.Lifetimes, h.errs)
	}
}
