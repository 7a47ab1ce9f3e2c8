package keys

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey/storage/policy"
)

func TestFirstOpenMakesEveryKeyAndTheSecondNone(t *testing.T) {
	r, store := newRing(t)
	set := store.set
	if len(set.DataKeys) != len(purposes) || len(set.SigningKeys) != 2 || len(set.Canary) == 0 || set.Epoch != 1 {
		t.Fatalf("%d data keys, %d signing keys, epoch %d", len(set.DataKeys), len(set.SigningKeys), set.Epoch)
	}
	for _, key := range set.SigningKeys {
		if key.State != policy.KeyCurrent || !key.Created.Equal(epochZero) || !key.Activated.Equal(epochZero) ||
			!key.Retired.IsZero() {
			t.Errorf("%+v", key)
		}
	}
	sealed := r.Seal(PurposeFlow, nil, []byte("x"))
	again := openRing(t, options(store))
	if store.replaced != 1 || again.Epoch() != 1 || !bytes.Equal(again.JWKS(), r.JWKS()) {
		t.Errorf("the second start wrote %d times, epoch %d", store.replaced-1, again.Epoch())
	}
	if got, err := again.Unseal(PurposeFlow, nil, sealed); err != nil || string(got) != "x" {
		t.Errorf("after a restart: %q, %v", got, err)
	}
}

func TestRingsOpenedAtOnceAgree(t *testing.T) {
	store := &shelf{}
	agree(t, store)
	if store.replaced != 1 {
		t.Errorf("%d sets were stored", store.replaced)
	}
}

// agree opens rings on one store at the same time and checks that each opens what
// another made.
func agree(t *testing.T, store Store) {
	t.Helper()
	rings := make([]*Ring, 4)
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			r, err := Open(context.Background(), options(store))
			if err != nil {
				t.Error(err)
			}
			rings[i] = r
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for i, r := range rings {
		next := rings[(i+1)%len(rings)]
		if got, err := next.Unseal(PurposeFlow, nil, r.Seal(PurposeFlow, nil, []byte("x"))); err != nil ||
			string(got) != "x" {
			t.Errorf("a neighbour opened %q, %v", got, err)
		}
		token, err := r.Sign(context.Background(), RS256, TypeJWT, struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := next.Verify(TypeJWT, token); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(r.JWKS(), next.JWKS()) || r.Version() != next.Version() || r.Epoch() != next.Epoch() {
			t.Error("different sets are published")
		}
	}
}

func TestLoserOfTheFirstWriteTakesTheWinnersKeys(t *testing.T) {
	store := &shelf{}
	var winner *Ring
	store.before = func() { winner = openRing(t, options(store)) }
	loser := openRing(t, options(store))
	if !bytes.Equal(winner.JWKS(), loser.JWKS()) || store.replaced != 1 {
		t.Errorf("two sets after %d writes", store.replaced)
	}
}

func TestLoserStillAddsWhatTheWinnerDidNotNeed(t *testing.T) {
	store := &shelf{}
	store.before = func() {
		o := options(store)
		o.Policy = enabling(RS256)
		openRing(t, o)
	}
	r := openRing(t, options(store))
	if len(store.set.SigningKeys) != 2 || r.state.Load().signing[ES256] == nil {
		t.Errorf("%d signing keys", len(store.set.SigningKeys))
	}
}

func TestWrongMasterIsRefusedAndChangesNothing(t *testing.T) {
	_, store := newRing(t)
	o := options(store)
	o.Master = testMaster(2)
	o.Policy = enabling(RS256, ES256)
	store.edit(func(set *policy.KeySet) { set.SigningKeys = nil }) // something to add
	if r, err := Open(context.Background(), o); !errors.Is(err, ErrWrongMaster) || r != nil {
		t.Fatal(r, err)
	}
	if !strings.Contains(ErrWrongMaster.Error(), "restore") || store.replaced != 1 {
		t.Error("the message does not say what to do, or something was written")
	}
}

func TestLoserWithAnotherMasterIsRefused(t *testing.T) {
	store := &shelf{}
	store.before = func() {
		o := options(store)
		o.Master = testMaster(2)
		openRing(t, o)
	}
	if _, err := Open(context.Background(), options(store)); !errors.Is(err, ErrWrongMaster) {
		t.Error(err)
	}
}

func TestNoMasterIsRefused(t *testing.T) {
	if _, err := Open(context.Background(), Options{Store: &shelf{}}); !errors.Is(err, ErrMaster) {
		t.Error(err)
	}
}

func TestMissingKeysAreAddedToTheOthers(t *testing.T) {
	r, store := newRing(t)
	sealed := r.Seal(PurposeFlow, nil, []byte("x"))
	shared := store.set.DataKeys
	store.edit(func(set *policy.KeySet) { // as written by a version without one-time tokens
		set.DataKeys = slices.DeleteFunc(set.DataKeys,
			func(k policy.DataKey) bool { return k.Purpose == string(PurposeOneTime) })
	})
	before := slices.Clone(store.set.DataKeys)
	reload(t, r)
	if got, err := r.Unseal(PurposeFlow, nil, sealed); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if len(store.set.DataKeys) != len(purposes) || len(store.set.SigningKeys) != 2 || r.Epoch() != 3 {
		t.Errorf("%d data keys, %d signing keys, epoch %d", len(store.set.DataKeys), len(store.set.SigningKeys),
			r.Epoch())
	}
	for i, key := range before {
		if !bytes.Equal(store.set.DataKeys[i].Sealed, key.Sealed) {
			t.Error("a key was replaced")
		}
	}
	if len(shared) != len(purposes) || slices.ContainsFunc(shared,
		func(k policy.DataKey) bool { return len(k.Sealed) == 0 }) {
		t.Error("the set that the store returned was written into")
	}
}

// A store may return slices that others read: appending must not reach behind them.
func TestTheStoresSlicesAreNotWrittenInto(t *testing.T) {
	r, store := newRing(t)
	store.edit(func(set *policy.KeySet) {
		set.DataKeys = append(make([]policy.DataKey, 0, 64), set.DataKeys...)
		for i := range set.DataKeys {
			set.DataKeys[i].Retired = epochZero
		}
	})
	shared := store.set.DataKeys
	reload(t, r)
	if behind := shared[:cap(shared)][len(shared)]; behind.ID != 0 {
		t.Errorf("%+v was written behind the store's slice", behind)
	}
}

func TestKeyIDsAreNeverUsedAgain(t *testing.T) {
	r, store := newRing(t)
	store.retireDataKeys()
	reload(t, r)
	seen := map[uint32]bool{}
	for _, key := range store.set.DataKeys {
		if seen[key.ID] || key.ID == 0 {
			t.Errorf("id %d", key.ID)
		}
		seen[key.ID] = true
	}
}

func TestOfSeveralKeysThatSealEveryRingChoosesTheNewest(t *testing.T) {
	r, store := newRing(t)
	newest := newDataKey(&counter{}, testMaster(1), 500, PurposeFlow, epochZero)
	older := newDataKey(&counter{}, testMaster(1), 400, PurposeFlow, epochZero)
	retired := newDataKey(&counter{}, testMaster(1), 600, PurposeFlow, epochZero)
	retired.Retired = epochZero
	store.edit(func(set *policy.KeySet) {
		set.DataKeys = append([]policy.DataKey{newest, older, retired}, set.DataKeys...)
	})
	reload(t, r)
	if id := r.CurrentKey(PurposeFlow); id != 500 {
		t.Errorf("key %d seals", id)
	}
}

func TestDamagedSetsAreRefused(t *testing.T) {
	for name, damage := range map[string]func(*policy.KeySet){
		"no canary":            func(s *policy.KeySet) { s.Canary = nil },
		"data key cut":         func(s *policy.KeySet) { s.DataKeys[0].Sealed = s.DataKeys[0].Sealed[:9] },
		"data key of another":  func(s *policy.KeySet) { s.DataKeys[0].Sealed = s.DataKeys[1].Sealed },
		"data key renumbered":  func(s *policy.KeySet) { s.DataKeys[0].ID = 99 },
		"data key repurposed":  func(s *policy.KeySet) { s.DataKeys[0].Purpose = string(PurposeSID) },
		"data key twice":       func(s *policy.KeySet) { s.DataKeys = append(s.DataKeys, s.DataKeys[0]) },
		"signing key of none":  func(s *policy.KeySet) { s.SigningKeys[0].Sealed = nil },
		"signing keys swapped": func(s *policy.KeySet) { s.SigningKeys[0].Sealed = s.SigningKeys[1].Sealed },
		"other kid":            func(s *policy.KeySet) { s.SigningKeys[0].ID = "mine" },
		"other algorithm":      func(s *policy.KeySet) { s.SigningKeys[0].Algorithm = ES256 },
	} {
		_, store := newRing(t)
		store.edit(damage)
		if _, err := Open(context.Background(), options(store)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAKeyOfAnotherTypeIsRefusedEvenIfSealedProperly(t *testing.T) {
	r, store := newRing(t)
	es := store.set.SigningKeys[1]
	der, err := r.Unseal(PurposeSigning, signingBinding(ES256, es.ID), es.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	store.edit(func(set *policy.KeySet) {
		set.SigningKeys[1].Algorithm = RS256
		set.SigningKeys[1].Sealed = r.Seal(PurposeSigning, signingBinding(RS256, es.ID), der)
	})
	if err := r.Reload(context.Background()); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	store.edit(func(set *policy.KeySet) {
		set.SigningKeys[1].Algorithm, set.SigningKeys[1].ID = ES256, "mine"
		set.SigningKeys[1].Sealed = r.Seal(PurposeSigning, signingBinding(ES256, "mine"), der)
	})
	if err := r.Reload(context.Background()); !errors.Is(err, ErrDamaged) {
		t.Errorf("another kid: %v", err)
	}
	if bytes.Equal(signingBinding("RS256", "k"), signingBinding("PS256", "k")) {
		t.Error("a key passes from one algorithm to another of the same type")
	}
}

func TestStoreErrorsPassThrough(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Open(context.Background(), options(&shelf{loadErr: broken})); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := Open(context.Background(), options(&shelf{writeErr: broken})); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestFailedReloadKeepsTheKeysInUse(t *testing.T) {
	r, store := newRing(t)
	sealed := r.Seal(PurposeFlow, nil, []byte("x"))
	store.edit(func(s *policy.KeySet) { s.DataKeys[0].ID = 99 })
	if err := r.Reload(context.Background()); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	if got, err := r.Unseal(PurposeFlow, nil, sealed); err != nil || string(got) != "x" || r.Epoch() != 1 {
		t.Errorf("%q, %v, epoch %d", got, err, r.Epoch())
	}
}

func TestUnsupportedAlgorithmsAreRefusedByName(t *testing.T) {
	for _, alg := range []string{"HS256", "none", "RS1", "rs256", ""} {
		o := options(&shelf{})
		o.Policy = enabling(alg)
		if _, err := Open(context.Background(), o); !errors.Is(err, ErrAlgorithm) ||
			!strings.Contains(err.Error(), "ES256, ES384, EdDSA, PS256, RS256") {
			t.Errorf("%q: %v", alg, err)
		}
	}
}

// A sealed value, a MAC and a secret's hash are kept for years: this is their form.
func TestKeptValuesKeepTheirForm(t *testing.T) {
	o := options(&shelf{})
	o.Rand = &counter{}
	r := openRing(t, o)
	key, err := openDataKey(testMaster(1), newDataKey(&counter{}, testMaster(1), 7, PurposeFlow, epochZero))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		got        []byte
	}{
		{"sealed value", "00000007" + "000102030405060708090a0b0c0d0e0f1011121314151617" +
			"e7dca0e26befd18e5156213f5e8b4e2eda83b32968fc359b49",
			key.seal(&counter{}, []byte("binding"), []byte("plaintext"))},
		{"MAC", "a799d838e3508e0f0c24c4f027287fab51f947572c5e90ad022579261abbf775",
			key.mac(nil, [][]byte{[]byte("a"), nil, []byte("bc")})},
		{"client secret's hash", "00000008" + "648c6591173d7157b14b7529317f8cbcf1e54e52dc9d33233c2391a09ee04099",
			r.HashClientSecret("secret")},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("a %s is now %s, was %s", c.name, got, c.want)
		}
	}
}
