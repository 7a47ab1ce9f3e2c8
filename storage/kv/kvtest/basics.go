package kvtest

import (
	"errors"
	"testing"

	"latchkey/storage/kv"
)

var basics = []property{
	{"a committed write is read by later views", func(t *testing.T, e kv.Engine) {
		put(t, e, "a", "1", "b", "2")
		put(t, e, "a", "3")
		wantValue(t, e, "a", "3")
		wantValue(t, e, "b", "2")
		wantAbsent(t, e, "c")
	}},
	{"a deleted key is absent and deleting an absent one is no error", func(t *testing.T, e kv.Engine) {
		put(t, e, "a", "1", "b", "2")
		must(t, e.Update(t.Context(), func(tx kv.Txn) error {
			return errors.Join(tx.Delete([]byte("a")), tx.Delete([]byte("never")))
		}))
		wantAbsent(t, e, "a", "never")
		wantCount(t, e, 1)
	}},
	{"an empty value is present", func(t *testing.T, e kv.Engine) {
		must(t, e.Update(t.Context(), func(tx kv.Txn) error {
			return errors.Join(tx.Put([]byte("empty"), []byte{}), tx.Put([]byte("nil"), nil))
		}))
		for _, key := range []string{"empty", "nil"} {
			wantValue(t, e, key, "")
		}
		wantCount(t, e, 2)
	}},
	{"a transaction reads its own writes", readsOwnWrites},
	{"an error is returned as it is and keeps nothing", func(t *testing.T, e kv.Engine) {
		put(t, e, "kept", "1", "gone", "1")
		refused := errors.New("refused")
		err := e.Update(t.Context(), func(tx kv.Txn) error {
			return errors.Join(tx.Put([]byte("kept"), []byte("2")), tx.Put([]byte("new"), nil),
				tx.Delete([]byte("gone")), refused)
		})
		if !errors.Is(err, refused) {
			t.Fatalf("Update answered %v, want the closure's error", err)
		}
		wantValue(t, e, "kept", "1")
		wantValue(t, e, "gone", "1")
		wantAbsent(t, e, "new")
		if err := e.View(t.Context(), func(kv.Reader) error { return refused }); err != refused {
			t.Fatalf("View answered %v, want the closure's error", err)
		}
	}},
	{"put copies key and value", func(t *testing.T, e kv.Engine) {
		must(t, e.Update(t.Context(), func(tx kv.Txn) error {
			key, value := []byte("key"), []byte("value")
			err := tx.Put(key, value)
			copy(value, "XXXXX")
			copy(key, "abc")
			return errors.Join(err, tx.Delete(key))
		}))
		wantValue(t, e, "key", "value")
		wantCount(t, e, 1)
	}},
	{"a result comes only from a run that counted", func(t *testing.T, e kv.Engine) {
		refused := errors.New("refused")
		n, err := kv.Update(t.Context(), e, func(kv.Txn) (int, error) { return 7, refused })
		if n != 0 || err != refused {
			t.Errorf("an aborted Update answered %d, %v", n, err)
		}
		n, err = kv.View(t.Context(), e, func(kv.Reader) (int, error) { return 7, nil })
		if n != 7 || err != nil {
			t.Errorf("View answered %d, %v, want 7", n, err)
		}
	}},
	{"an engine that works says so", func(t *testing.T, e kv.Engine) { must(t, e.Err()) }},
}

func readsOwnWrites(t *testing.T, e kv.Engine) {
	put(t, e, "b", "old", "c", "old")
	must(t, e.Update(t.Context(), func(tx kv.Txn) error {
		tx.Prefetch([]byte("a"), []byte("b"))
		err := errors.Join(tx.Put([]byte("a"), []byte("new")), tx.Put([]byte("b"), nil), tx.Delete([]byte("c")))
		for key, want := range map[string]string{"a": "new", "b": ""} {
			if got, ok, err := read(tx, key); got != want || !ok || err != nil {
				t.Errorf("%s is %q, %v, %v within its transaction", key, got, ok, err)
			}
		}
		if _, ok, _ := read(tx, "c"); ok {
			t.Error("a key is present after its deletion in the transaction")
		}
		page, scanErr := tx.Scan(kv.Range{Limit: 10})
		if len(page) != 2 || string(page[0].Key) != "a" || string(page[1].Key) != "b" {
			t.Errorf("a scan within the transaction found %q", page)
		}
		return errors.Join(err, scanErr)
	}))
}
