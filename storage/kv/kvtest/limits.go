package kvtest

import (
	"errors"
	"fmt"
	"testing"

	"latchkey/storage/kv"
)

var limits = []property{
	{"the biggest transaction commits and a bigger one keeps nothing", func(t *testing.T, e kv.Engine) {
		write := func(n int) error {
			return e.Update(t.Context(), func(tx kv.Txn) error {
				for i := range n {
					if err := tx.Put(fmt.Appendf(nil, "%d/%d", n, i), nil); err != nil {
						return err
					}
				}
				return nil
			})
		}
		must(t, write(kv.MaxWrites))
		if err := write(kv.MaxWrites + 1); !errors.Is(err, kv.ErrTooLarge) {
			t.Fatalf("%d writes: %v, want ErrTooLarge", kv.MaxWrites+1, err)
		}
		wantCount(t, e, kv.MaxWrites)
	}},
	{"the bytes of a transaction are limited too", func(t *testing.T, e kv.Engine) {
		write := func(size int) error {
			return e.Update(t.Context(), func(tx kv.Txn) error {
				return errors.Join(tx.Put([]byte("1"), make([]byte, size)), tx.Put([]byte("2"), nil))
			})
		}
		must(t, write(kv.MaxBytes-2))
		if err := write(kv.MaxBytes - 1); !errors.Is(err, kv.ErrTooLarge) {
			t.Fatalf("one byte too many: %v, want ErrTooLarge", err)
		}
	}},
	{"deletes count as writes", func(t *testing.T, e kv.Engine) {
		err := e.Update(t.Context(), func(tx kv.Txn) error {
			for range kv.MaxWrites + 1 {
				if err := tx.Delete([]byte("x")); err != nil {
					return err
				}
			}
			return nil
		})
		if !errors.Is(err, kv.ErrTooLarge) {
			t.Fatalf("answered %v, want ErrTooLarge", err)
		}
	}},
	{"a refused write cannot be ignored", func(t *testing.T, e kv.Engine) {
		for _, key := range []string{"", string(make([]byte, kv.MaxKey+1))} {
			err := e.Update(t.Context(), func(tx kv.Txn) error {
				tx.Put([]byte("before"), nil)
				tx.Put([]byte(key), nil)
				tx.Put([]byte("after"), nil)
				return nil
			})
			if !errors.Is(err, kv.ErrKey) {
				t.Errorf("a key of %d bytes: %v, want ErrKey", len(key), err)
			}
			wantAbsent(t, e, key) // reading it is no error
		}
		wantCount(t, e, 0)
		put(t, e, string(make([]byte, kv.MaxKey)), "the longest")
	}},
}
