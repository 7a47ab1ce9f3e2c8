package kvtest_test

import (
	"errors"
	"testing"

	"latchkey/storage/kv"
	"latchkey/storage/kv/kvtest"
	"latchkey/storage/memory"
)

func strict(t *testing.T) kv.Engine {
	e := memory.New(memory.Options{})
	t.Cleanup(func() { e.Close() })
	err := e.Update(t.Context(), func(tx kv.Txn) error { return tx.Put([]byte("key"), []byte("value")) })
	if err != nil {
		t.Fatal(err)
	}
	return kvtest.Strict(e)
}

func TestStrictShowsEffectsOutsideTheTransaction(t *testing.T) {
	e, runs := strict(t), 0
	e.Update(t.Context(), func(kv.Txn) error { runs++; return nil })
	e.View(t.Context(), func(kv.Reader) error { runs++; return nil })
	if runs != 4 {
		t.Errorf("%d runs of two closures, want 4", runs)
	}
}

func TestStrictThrowsTheFirstRunsWritesAway(t *testing.T) {
	e, runs := strict(t), 0
	first, err := kv.Update(t.Context(), e, func(tx kv.Txn) (found bool, err error) {
		if _, found, err = tx.Get([]byte("new")); err != nil {
			return false, err
		}
		runs++
		return found, errors.Join(tx.Put([]byte("new"), nil), tx.Put([]byte{byte(runs)}, nil))
	})
	if first || err != nil {
		t.Errorf("the run that counted found the other's write: %v, %v", first, err)
	}
	if n, err := kvtest.Keys(t.Context(), e); n != 3 || err != nil {
		t.Errorf("%d keys, %v, want 3", n, err)
	}
}

func TestStrictSpoilsWhatOutlivesItsClosure(t *testing.T) {
	e := strict(t)
	var kept [][]byte
	keep := func(r kv.Reader) error {
		value, _, err := r.Get([]byte("key"))
		page, scanErr := r.Scan(kv.Range{Limit: 1})
		if string(value) != "value" || string(page[0].Key) != "key" || string(page[0].Value) != "value" {
			t.Errorf("within the closure: %q, %q", value, page)
		}
		kept = append(kept, value, page[0].Key, page[0].Value)
		return errors.Join(err, scanErr)
	}
	err := errors.Join(e.View(t.Context(), keep), e.Update(t.Context(), func(tx kv.Txn) error { return keep(tx) }))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range kept {
		if string(b) == "value" || string(b) == "key" {
			t.Errorf("%q can be used after its closure", b)
		}
	}
}

func TestStrictRefusesEveryNestedCall(t *testing.T) {
	e := strict(t)
	view := func() error { return e.View(t.Context(), func(kv.Reader) error { return nil }) }
	update := func() error { return e.Update(t.Context(), func(kv.Txn) error { return nil }) }
	for name, inner := range map[string]func() error{"View": view, "Update": update} {
		inView := e.View(t.Context(), func(kv.Reader) error { return inner() })
		inUpdate := e.Update(t.Context(), func(kv.Txn) error { return inner() })
		if !errors.Is(inView, kv.ErrNested) || !errors.Is(inUpdate, kv.ErrNested) {
			t.Errorf("%s in a View: %v, in an Update: %v, want ErrNested", name, inView, inUpdate)
		}
	}
	if err := errors.Join(view(), update()); err != nil {
		t.Errorf("calls after each other: %v", err)
	}
}
