package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"latchkey/storage/kv/kvtest"
	"latchkey/storage/memory"
	"latchkey/storage/store"
)

// Issuer is that of the stores of NewStore.
const Issuer = "https://id.example"

// NewStore is a store whose closures all run more than once, at an instant that
// its test sets.
func NewStore(t *testing.T) (*store.Store, *time.Time) {
	t.Helper()
	now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	engine := kvtest.Strict(memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}))
	s, err := store.Open(t.Context(), engine, store.Options{Issuer: Issuer, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if faults, err := s.Check(context.Background()); err != nil || len(faults) > 0 {
			t.Errorf("the store is left with %v, %v", faults, err)
		}
	})
	return s, &now
}

func Usernames(t *testing.T, s *store.Store) (all []string) {
	t.Helper()
	users, _, err := s.Users.List(t.Context(), nil, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		all = append(all, u.Username)
	}
	slices.Sort(all)
	return all
}
