package keys

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"latchkey/storage/audit"
	"latchkey/storage/memory"
	"latchkey/storage/policy"
	"latchkey/storage/store"
)

// openStore is the store of record over an engine that makes every transaction run
// twice.
func openStore(t *testing.T) policy.Keys {
	t.Helper()
	keys, _ := openAudited(t)
	return keys
}

func openAudited(t *testing.T) (policy.Keys, audit.Audit) {
	t.Helper()
	engine := memory.New(memory.Options{Conflict: memory.ConflictFirst(1)})
	store, err := store.Open(context.Background(), engine, store.Options{Now: fixedNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	return store.Keys, store.Audit
}

func TestRingsOpenedAtOnceOnTheStoreOfRecordAgree(t *testing.T) {
	store := openStore(t)
	agree(t, store)
	set, err := store.Load(context.Background())
	if err != nil || set.Epoch != 1 || len(set.DataKeys) != len(purposes) || len(set.SigningKeys) != 2 {
		t.Errorf("epoch %d, %d data keys, %d signing keys, %v", set.Epoch, len(set.DataKeys), len(set.SigningKeys), err)
	}
}

func TestRotationInTheStoreOfRecordReachesOtherRings(t *testing.T) {
	ctx, store := context.Background(), openStore(t)
	a, b := openRing(t, options(store)), openRing(t, options(store))
	sealed := a.Seal(PurposeSession, nil, []byte("x"))
	set, err := store.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range set.DataKeys {
		set.DataKeys[i].Retired = epochZero
	}
	if _, err := store.Replace(ctx, set.Epoch, set); err != nil {
		t.Fatal(err)
	}
	reload(t, a)
	reload(t, b)
	if a.CurrentKey(PurposeSession) != b.CurrentKey(PurposeSession) || a.Epoch() != 3 || b.Epoch() != 3 {
		t.Errorf("epochs %d and %d", a.Epoch(), b.Epoch())
	}
	for _, value := range [][]byte{sealed, a.Seal(PurposeSession, nil, []byte("x"))} {
		if got, err := b.Unseal(PurposeSession, nil, value); err != nil || string(got) != "x" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestTheStoreOfRecordSeesNoSecret(t *testing.T) {
	ctx, store := context.Background(), openStore(t)
	r := openRing(t, options(store))
	set, err := store.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range set.DataKeys {
		plain, err := r.master.unwrap(wrapLabel(Purpose(key.Purpose)), key.ID, key.Sealed)
		if err != nil || len(plain) != keySize || bytes.Contains(key.Sealed, plain) {
			t.Errorf("data key %d: %v", key.ID, err)
		}
	}
	for _, key := range set.SigningKeys {
		der, err := r.Unseal(PurposeSigning, signingBinding(key.Algorithm, key.ID), key.Sealed)
		if err != nil || bytes.Contains(key.Sealed, der[len(der)-32:]) {
			t.Errorf("signing key %s: %v", key.ID, err)
		}
	}
	other := options(store)
	other.Master = testMaster(2)
	if _, err := Open(ctx, other); !errors.Is(err, ErrWrongMaster) {
		t.Error(err)
	}
}
