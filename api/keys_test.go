package api_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"latchkey/api"
	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/policy"
)

func TestKeysAreListedAsTheyAre(t *testing.T) {
	h := newHouse(t, nil)
	got := must[wire.KeyList](t)(h.ListKeys(t.Context()))
	signing, data, err := h.keys.List(t.Context())
	if err != nil || len(got.SigningKeys) != len(signing) || len(got.DataKeys) != len(data) {
		t.Fatalf("%+v %v", got, err)
	}
	for i, k := range got.SigningKeys {
		if want := signing[i]; k.ID != want.ID || k.Algorithm != want.Algorithm || k.State != want.State ||
			!k.Enabled ||
			k.Purpose != "" || !k.CreatedAt.Equal(want.Created) || !k.ActivatedAt.Equal(want.Activated) ||
			k.RetiredAt != nil ||
			k.Then != string(want.Then) || !k.ThenAt.Equal(want.At) {
			t.Errorf("%+v, want %+v", k, want)
		}
	}
	for i, k := range got.DataKeys {
		if want := data[i]; k.ID != want.ID || k.Purpose != string(want.Purpose) || k.Algorithm != "" ||
			k.State != want.State {
			t.Errorf("%+v, want %+v", k, want)
		}
	}
}

func TestRotationIsAskedForByTheCallerAndAnswered(t *testing.T) {
	h := newHouse(t, nil)
	first := must[wire.KeyList](t)(h.ListKeys(t.Context())).SigningKeys[0] // by algorithm
	for alg, n := range map[string]int{"": 2,
		"ES256": 1} { // the second finds the key that the first has published
		done := must[[]wire.Rotation](t)(h.RotateKeys(t.Context(), alg))
		i := slices.IndexFunc(done, func(r wire.Rotation) bool { return r.Algorithm == "ES256" })
		if len(done) != n || i < 0 || first.Algorithm != "ES256" || done[i].From != first.ID ||
			done[i].To == first.ID || done[i].Done {
			t.Errorf("%q: %+v", alg, done)
		}
	}
	done := must[[]wire.Rotation](t)(h.DiscardKeys(t.Context(), "ES256"))
	if len(done) != 1 || !done[0].Done || !done[0].Until.Equal(done[0].At) {
		t.Errorf("%+v", done)
	}
	for e, err := range h.Audit(t.Context(), "") {
		if err != nil || e.Via != storage.ViaCLI {
			t.Errorf("%+v %v", e, err)
		}
		break // the newest
	}
	if _, err := h.RotateKeys(t.Context(), "nonsense"); err == nil ||
		err.Error() != "alg must be among RS256, ES256: signing_algorithms enables no others" {
		t.Errorf("%v", err)
	}
	nobody := newHouse(t, func(o *api.Options) {
		o.Actor = func(context.Context) storage.Actor { return storage.Actor{Via: storage.ViaPage} }
	})
	if _, err := nobody.RotateKeys(t.Context(), ""); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("%v", err)
	}
}

// They are stored, whatever becomes of the keys, which are looked at again later.
func TestSettingsAreChangedThoughTheKeysCannotFollow(t *testing.T) {
	h := newHouse(t, nil)
	h.engine.keys = errors.New("no")
	must[[]wire.Setting](t)(h.ChangeSettings(t.Context(), client.Fields{"lifetimes.code": 30}))
	if set := must[policy.Settings](t)(h.store.Settings.Get(t.Context())); set.Lifetimes.Code != 30 ||
		len(h.errs) != 1 {
		t.Errorf("%+v, reported %v", set.Lifetimes, h.errs)
	}
}
