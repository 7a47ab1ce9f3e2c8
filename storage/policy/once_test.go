package policy_test

import (
	"errors"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
)

func TestRequestIsRememberedForADayAndThenSwept(t *testing.T) {
	s, now := storetest.NewStore(t)
	began := *now
	key, request := []byte("key\x00with a zero"), []byte("request")
	u, err := s.Users.CreateOnce(t.Context(), storage.Operator, policy.Once{Key: key, Request: request},
		people.User{Username: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		known bool
	}{{0, true}, {12 * time.Hour, true}, {policy.OnceFor - time.Second, true}, {policy.OnceFor, false},
		{40 * time.Hour, false}} {
		*now = began.Add(c.after)
		made, got, err := s.Requests.Look(t.Context(), key)
		if c.known && (err != nil || made != u.Subject() || string(got) != "request") || !c.known &&
			!errors.Is(err, storage.ErrNotFound) {
			t.Errorf("after %v: %q, %q, %v", c.after, made, got, err)
		}
	}
	*now = began
	if _, err := s.Users.CreateOnce(t.Context(), storage.Operator, policy.Once{Key: key},
		people.User{Username: "eve"}); !errors.Is(err, storage.ErrRepeated) {
		t.Errorf("the same key: %v", err)
	}
	if got := storetest.Usernames(t, s); len(got) != 1 {
		t.Errorf("made %q", got)
	}

	var mono time.Duration
	sweeper := s.NewSweeper(func() store.Uptime { return store.Uptime{Awake: mono} })
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{47 * time.Hour, 0}, {49 * time.Hour, 1}} {
		*now, mono = began.Add(c.after), c.after
		if n, err := sweeper.Tick(t.Context()); err != nil || n != c.want {
			t.Errorf("after %v: swept %d, %v", c.after, n, err)
		}
	}
}

// Two that are sent at once get their instants first and their turns later.
func TestARequestIsTheSameAcrossMidnightInWhateverOrder(t *testing.T) {
	midnight := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	for _, instants := range [][2]time.Time{
		{midnight, midnight.Add(-time.Second)}, {midnight.Add(-time.Second), midnight},
		{midnight.Add(10 * time.Hour), midnight.Add(-10 * time.Hour)},
	} {
		s, now := storetest.NewStore(t)
		once := policy.Once{Key: []byte("key"), Request: []byte("request")}
		*now = instants[0]
		made, err := s.Users.CreateOnce(t.Context(), storage.Operator, once, people.User{Username: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		*now = instants[1]
		if _, err := s.Users.CreateOnce(t.Context(), storage.Operator, once,
			people.User{Username: "eve"}); !errors.Is(err, storage.ErrRepeated) {
			t.Errorf("made at %v, and again at %v: %v", instants[0], instants[1], err)
		}
		if id, _, err := s.Requests.Look(t.Context(), once.Key); err != nil || id != made.Subject() {
			t.Errorf("made at %v, looked for at %v: %q, %v", instants[0], instants[1], id, err)
		}
	}
}
