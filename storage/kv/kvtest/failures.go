package kvtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"latchkey/storage/kv"
)

var failures = []property{
	{"a panic reaches its caller and spoils nobody else", func(t *testing.T, e kv.Engine) {
		together(t, racers, func(ctx context.Context, i int) error {
			for n := range rounds {
				err := protect(func() error {
					return e.Update(ctx, func(tx kv.Txn) error {
						if err := tx.Put(fmt.Appendf(nil, "%d/%d", i, n), nil); err != nil {
							return err
						}
						if i%2 == 0 {
							panic(errBoom)
						}
						return nil
					})
				})
				if want := i%2 == 0; errors.Is(err, errBoom) != want {
					return fmt.Errorf("answered %v, panicked %v", err, want)
				}
			}
			return nil
		})
		wantCount(t, e, racers/2*rounds)
	}},
	{"a panic in a view reaches its caller", func(t *testing.T, e kv.Engine) {
		err := protect(func() error {
			return e.View(t.Context(), func(kv.Reader) error { panic(errBoom) })
		})
		if !errors.Is(err, errBoom) {
			t.Fatalf("answered %v, want the panic", err)
		}
		put(t, e, "a", "1")
	}},
	{"a failing closure's neighbours commit", func(t *testing.T, e kv.Engine) {
		together(t, racers, func(ctx context.Context, i int) error {
			for n := range rounds {
				err := e.Update(ctx, func(tx kv.Txn) error {
					if err := tx.Put(fmt.Appendf(nil, "%d/%d", i, n), nil); err != nil {
						return err
					}
					if i%2 == 0 {
						return errBoom
					}
					return nil
				})
				if err != nil && err != errBoom {
					return err
				}
			}
			return nil
		})
		wantCount(t, e, racers/2*rounds)
	}},
	{"goexit ends the caller and nobody else", goexit},
	{"a transaction is of no use after its closure", func(t *testing.T, e kv.Engine) {
		var reader kv.Reader
		var txn kv.Txn
		must(t, e.View(t.Context(), func(r kv.Reader) error { reader = r; return nil }))
		must(t, e.Update(t.Context(), func(tx kv.Txn) error { txn = tx; return nil }))
		for _, r := range []kv.Reader{reader, txn} {
			_, _, getErr := r.Get([]byte("a"))
			_, scanErr := r.Scan(kv.Range{Limit: 1})
			if !errors.Is(getErr, kv.ErrFinished) || !errors.Is(scanErr, kv.ErrFinished) {
				t.Errorf("%T answered %v and %v, want ErrFinished", r, getErr, scanErr)
			}
		}
		putErr, deleteErr := txn.Put([]byte("a"), nil), txn.Delete([]byte("a"))
		if !errors.Is(putErr, kv.ErrFinished) || !errors.Is(deleteErr, kv.ErrFinished) {
			t.Errorf("writes answered %v and %v, want ErrFinished", putErr, deleteErr)
		}
		wantCount(t, e, 0)
	}},
}

var errBoom = errors.New("boom")

// protect turns a panic into an error. A panic that is not an error, or a
// PanicError without one, is none the caller expects.
func protect(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panicked: %v", value)
			if cause, ok := value.(error); ok {
				err = fmt.Errorf("panicked: %w", cause)
			}
		}
	}()
	return fn()
}

func goexit(t *testing.T, e kv.Engine) {
	together(t, racers, func(ctx context.Context, i int) error {
		for n := range rounds {
			if i%2 == 1 {
				err := e.Update(ctx, func(tx kv.Txn) error { return tx.Put(fmt.Appendf(nil, "%d/%d", i, n), nil) })
				if err != nil {
					return err
				}
				continue
			}
			ended, returned := make(chan struct{}), false
			go func() {
				defer close(ended)
				e.Update(ctx, func(tx kv.Txn) error {
					tx.Put([]byte("never"), nil)
					runtime.Goexit()
					return nil
				})
				returned = true
			}()
			if <-ended; returned {
				return errors.New("Update returned to a caller whose closure had called Goexit")
			}
		}
		return nil
	})
	wantCount(t, e, racers/2*rounds)
}
