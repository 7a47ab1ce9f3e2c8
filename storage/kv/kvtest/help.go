package kvtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"latchkey/storage/kv"
)

// put commits pairs given as key, value, key, value ...
func put(t testing.TB, e kv.Engine, pairs ...string) {
	t.Helper()
	must(t, e.Update(t.Context(), func(tx kv.Txn) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	}))
}

// get returns what a new View reads.
func get(t testing.TB, e kv.Engine, key string) (value string, ok bool) {
	t.Helper()
	must(t, e.View(t.Context(), func(r kv.Reader) (err error) {
		value, ok, err = read(r, key)
		return err
	}))
	return value, ok
}

func read(r kv.Reader, key string) (string, bool, error) {
	value, ok, err := r.Get([]byte(key))
	return string(value), ok, err
}

func wantValue(t testing.TB, e kv.Engine, key, want string) {
	t.Helper()
	if got, ok := get(t, e, key); !ok || got != want {
		t.Fatalf("key %q has %.40q, present %v, want %.40q", key, got, ok, want)
	}
}

func wantAbsent(t testing.TB, e kv.Engine, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if got, ok := get(t, e, key); ok {
			t.Fatalf("key %q has %.40q, want it absent", key, got)
		}
	}
}

func wantCount(t testing.TB, e kv.Engine, want int) {
	t.Helper()
	got, err := Keys(t.Context(), e)
	must(t, err)
	if got != want {
		t.Fatalf("%d keys, want %d", got, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// together runs n functions at the same time and returns when all have.
func together(t testing.TB, n int, fn func(ctx context.Context, i int) error) {
	t.Helper()
	start, errs := make(chan struct{}), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = fn(t.Context(), i)
		})
	}
	close(start)
	group.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatal(fmt.Errorf("goroutine %d: %w", i, err))
		}
	}
}

func show(r kv.Range) string {
	return fmt.Sprintf("prefix %q after %q reverse %v limit %d", r.Prefix, r.After, r.Reverse, r.Limit)
}
