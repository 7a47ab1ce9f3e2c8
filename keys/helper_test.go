package keys

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"latchkey/storage/policy"
)

var epochZero = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func fixedNow() time.Time { return epochZero }

// shelf is a Store in memory whose contents a test can edit and whose failures it
// can choose.
type shelf struct {
	mu       sync.Mutex
	set      policy.KeySet
	replaced int
	notes    []policy.KeyNote
	loadErr  error
	writeErr error
	before   func() // runs, once, before the next Replace
}

func (s *shelf) Load(context.Context) (policy.KeySet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set, s.loadErr
}

func (s *shelf) Replace(_ context.Context, old uint64, set policy.KeySet, notes ...policy.KeyNote) (policy.KeySet,
	error) {
	if before := s.before; before != nil {
		s.before = nil
		before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writeErr != nil {
		return policy.KeySet{}, s.writeErr
	}
	if s.set.Epoch == old {
		set.Epoch = old + 1
		s.set = set
		s.replaced++
		s.notes = append(s.notes, notes...)
	}
	return s.set, nil
}

// edit changes the stored set behind the ring's back, as another process would.
func (s *shelf) edit(change func(*policy.KeySet)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.set
	set.DataKeys = slices.Clone(set.DataKeys)
	set.SigningKeys = slices.Clone(set.SigningKeys)
	change(&set)
	set.Epoch++
	s.set = set
}

// retireDataKeys makes every data key decrypt-only; reloading adds their successors.
func (s *shelf) retireDataKeys() {
	s.edit(func(set *policy.KeySet) {
		for i := range set.DataKeys {
			set.DataKeys[i].Retired = epochZero
		}
	})
}

func testMaster(fill byte) Master {
	key := new([keySize]byte)
	for i := range key {
		key[i] = fill
	}
	return Master{key: key}
}

func options(store Store) Options {
	return Options{Store: store, Master: testMaster(1), Now: fixedNow}
}

// enabling is a policy with these algorithms.
func enabling(algorithms ...string) func(context.Context) (Policy, error) {
	return func(context.Context) (Policy, error) { return Policy{Algorithms: algorithms}, nil }
}

// everyAlgorithm is a ring with all of them enabled.
func everyAlgorithm(t testing.TB) *Ring {
	t.Helper()
	o := options(&shelf{})
	o.Policy = enabling(slices.Collect(maps.Keys(algorithms))...)
	return openRing(t, o)
}

func openRing(t testing.TB, o Options) *Ring {
	t.Helper()
	r, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newRing(t testing.TB) (*Ring, *shelf) {
	t.Helper()
	store := &shelf{}
	return openRing(t, options(store)), store
}

func reload(t testing.TB, r *Ring) {
	t.Helper()
	if err := r.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// addSigningKey stores one more key of the algorithm in the given state.
func addSigningKey(t testing.TB, r *Ring, store *shelf, alg string, state policy.KeyState) policy.SigningKey {
	t.Helper()
	key, err := newSigningKey(func(binding, plaintext []byte) []byte {
		return r.Seal(PurposeSigning, binding, plaintext)
	}, algorithms[alg], epochZero)
	if err != nil {
		t.Fatal(err)
	}
	key.State = state
	store.edit(func(set *policy.KeySet) { set.SigningKeys = append(set.SigningKeys, key) })
	return key
}

// counter is a source of "randomness" that gives the same bytes in every run.
type counter struct{ next byte }

func (c *counter) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = c.next
		c.next++
	}
	return len(b), nil
}
