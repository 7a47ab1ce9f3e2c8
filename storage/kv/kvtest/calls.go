package kvtest

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"latchkey/storage/kv"
)

var calls = []property{
	{"a cancelled call does not begin", func(t *testing.T, e kv.Engine) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ran := func() error { t.Error("a closure ran"); return nil }
		for _, err := range []error{
			e.View(ctx, func(kv.Reader) error { return ran() }),
			e.Update(ctx, func(kv.Txn) error { return ran() }),
			e.Snapshot(ctx, filepath.Join(t.TempDir(), "copy")),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("answered %v, want context.Canceled", err)
			}
		}
	}},
	{"an update that answers cancelled never ran", cancelledWhileWaiting},
	{"an update that has begun ignores the context", func(t *testing.T, e kv.Engine) {
		ctx, cancel := context.WithCancel(t.Context())
		must(t, e.Update(ctx, func(tx kv.Txn) error {
			cancel()
			return tx.Put([]byte("a"), []byte("1"))
		}))
		wantValue(t, e, "a", "1")
	}},
	{"a call within an update is refused and hangs nobody", func(t *testing.T, e kv.Engine) {
		must(t, e.Update(t.Context(), func(tx kv.Txn) error {
			inner := e.Update(t.Context(), func(kv.Txn) error { return nil })
			view := e.View(t.Context(), func(kv.Reader) error { return nil })
			if !errors.Is(inner, kv.ErrNested) || !errors.Is(view, kv.ErrNested) {
				t.Errorf("Update answered %v and View %v, want ErrNested", inner, view)
			}
			return tx.Put([]byte("outer"), []byte("1"))
		}))
		wantValue(t, e, "outer", "1")
	}},
	{"a closed engine answers so", func(t *testing.T, e kv.Engine) {
		must(t, e.Close())
		for _, err := range []error{
			e.View(t.Context(), func(kv.Reader) error { return nil }),
			e.Update(t.Context(), func(kv.Txn) error { return nil }),
			e.Snapshot(t.Context(), filepath.Join(t.TempDir(), "copy")),
			e.Err(),
		} {
			if !errors.Is(err, kv.ErrClosed) {
				t.Errorf("answered %v, want ErrClosed", err)
			}
		}
		must(t, e.Close())
	}},
	{"closing amid calls answers each of them", func(t *testing.T, e kv.Engine) {
		together(t, racers, func(ctx context.Context, i int) error {
			for range rounds {
				err := e.Update(ctx, func(tx kv.Txn) error { return tx.Put([]byte("a"), nil) })
				view := e.View(ctx, func(r kv.Reader) error { _, err := r.Scan(kv.Range{Limit: 1}); return err })
				if err = errors.Join(err, view); err != nil && !errors.Is(err, kv.ErrClosed) {
					return err
				}
			}
			if i == 0 {
				return e.Close()
			}
			return nil
		})
	}},
}

func cancelledWhileWaiting(t *testing.T, e kv.Engine) {
	ctx, cancel := context.WithCancel(t.Context())
	entered, release := make(chan struct{}), make(chan struct{})
	first, second := make(chan error), make(chan error)
	var once, ran atomic.Bool
	go func() {
		first <- e.Update(t.Context(), func(kv.Txn) error {
			if once.CompareAndSwap(false, true) { // a second run does not wait
				close(entered)
				<-release
			}
			return nil
		})
	}()
	<-entered
	go func() {
		second <- e.Update(ctx, func(kv.Txn) error { ran.Store(true); return nil })
	}()
	cancel()
	err := <-second // an engine with one writer still holds the first
	close(release)
	must(t, <-first)
	put(t, e, "later", "1")
	switch {
	case errors.Is(err, context.Canceled) && ran.Load():
		t.Error("Update answered that it was cancelled, and its closure ran")
	case err != nil && !errors.Is(err, context.Canceled):
		t.Error(err)
	}
}
