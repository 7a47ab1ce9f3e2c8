package keys

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/policy"
)

func under(store Store, m Master) Options {
	o := options(store)
	o.Master = m
	return o
}

func TestEverythingMadeBeforeAResealStaysGood(t *testing.T) {
	engineKeys, trail := openAudited(t)
	r := openRing(t, options(engineKeys))
	token, _ := r.SealAccessToken([]byte("grant"))
	id, secret := sign(t, r, ES256, TypeJWT), r.HashClientSecret("secret")
	if err := r.Reseal(t.Context(), storage.Operator, testMaster(2)); err != nil {
		t.Fatal(err)
	}
	for name, ring := range map[string]*Ring{"the ring that did it": r,
		"a ring opened later": openRing(t, under(engineKeys, testMaster(2)))} {
		if payload, _, err := ring.OpenAccessToken(token); err != nil || string(payload) != "grant" {
			t.Errorf("%s: access token: %v", name, err)
		}
		if _, _, err := ring.Verify(TypeJWT, id); err != nil {
			t.Errorf("%s: ID token: %v", name, err)
		}
		if !ring.VerifyClientSecret(secret, "secret") {
			t.Errorf("%s: the client secret is refused", name)
		}
		if err := ring.Tick(t.Context(), epochZero.Add(100*day)); err != nil { // makes keys under the new one
			t.Errorf("%s: %v", name, err)
		}
	}
	events, _, err := trail.List(t.Context(), nil, 1000)
	if err != nil || !strings.Contains(acts(events), string(audit.ActKeysResealed)) {
		t.Errorf("%s, %v", acts(events), err)
	}
}

func acts(events []*audit.Event) (all string) {
	for _, e := range events {
		all += string(e.Act) + " " + e.Detail + "\n"
	}
	return all
}

func TestAfterAResealTheOldMasterIsRefusedByName(t *testing.T) {
	r, store := newRing(t)
	if err := r.Reseal(t.Context(), storage.Operator, testMaster(2)); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), options(store))
	if !errors.Is(err, ErrWrongMaster) || !strings.Contains(err.Error(), testMaster(1).Fingerprint()) ||
		!strings.Contains(err.Error(), testMaster(2).Fingerprint()) {
		t.Errorf("%v", err)
	}
}

func TestAResealThatFailsChangesNothing(t *testing.T) {
	r, store := newRing(t)
	store.writeErr = errors.New("disk full")
	if err := r.Reseal(t.Context(), storage.Operator, testMaster(2)); !errors.Is(err, store.writeErr) {
		t.Fatal(err)
	}
	store.writeErr = nil
	for _, bad := range []Master{{}, testMaster(1)} {
		if err := r.Reseal(t.Context(), storage.Operator, bad); !errors.Is(err, ErrMaster) {
			t.Errorf("%v", err)
		}
	}
	store.edit(func(s *policy.KeySet) { s.DataKeys[3].Sealed = s.DataKeys[2].Sealed })
	if err := r.Reseal(t.Context(), storage.Operator, testMaster(2)); !errors.Is(err, ErrDamaged) ||
		store.replaced != 1 {
		t.Errorf("a damaged set was written back: %v", err)
	}
	store.edit(func(s *policy.KeySet) { s.DataKeys = nil })
	if _, err := Open(context.Background(), options(store)); errors.Is(err, ErrWrongMaster) {
		t.Error("the old master does not open it any more")
	}
}

func TestAResealThatLosesAWriteTakesInWhatTheWinnerWrote(t *testing.T) {
	r, store := newRing(t)
	other := openRing(t, options(store))
	store.before = func() {
		if _, err := other.Rotate(t.Context(), storage.Operator, ES256); err != nil {
			t.Error(err)
		}
	}
	if err := r.Reseal(t.Context(), storage.Operator, testMaster(2)); err != nil {
		t.Fatal(err)
	}
	again := openRing(t, under(store, testMaster(2)))
	if n := len(published(t, again).Keys); n != 3 {
		t.Errorf("%d keys are published", n)
	}
}

func TestAMasterFileIsReplacedWholeAndTheOldOneKept(t *testing.T) {
	dir := t.TempDir()
	path, fresh, kept := filepath.Join(dir, "key"), filepath.Join(dir, "key.new"), filepath.Join(dir, "key.old")
	old, err := CreateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	made := NewMaster()
	if err := WriteMaster(fresh, made); err != nil {
		t.Fatal(err)
	}
	if err := WriteMaster(fresh, made); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over: %v", err)
	}
	if err := WriteMaster(kept, old); err != nil { // as a run before left it
		t.Fatal(err)
	}
	if err := ReplaceMaster(fresh, path, kept); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]Master{path: made, kept: old} {
		if got, err := LoadMaster(file); err != nil || *got.key != *want.key {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := os.Stat(fresh); !errors.Is(err, fs.ErrNotExist) {
		t.Error("two names for the new key")
	}
}
