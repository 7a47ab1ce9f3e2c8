package memory_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"latchkey/storage/kv"
	"latchkey/storage/kv/kvtest"
	"latchkey/storage/memory"
)

func open(t *testing.T, o memory.Options) *memory.Engine {
	e := memory.New(o)
	t.Cleanup(func() { e.Close() })
	return e
}

func TestTheContractIsKept(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine { return open(t, memory.Options{}) })
}

func TestTheContractIsKeptWhenEveryClosureRunsAgain(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine {
		return open(t, memory.Options{Conflict: memory.ConflictFirst(2)})
	})
}

func TestTheContractIsKeptWhenNoRunIsEverLuckyAlone(t *testing.T) {
	always := func(int) bool { return true }
	kvtest.Run(t, func(t *testing.T) kv.Engine { return open(t, memory.Options{Conflict: always}) })
}

func TestTheContractIsKeptThroughStrict(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine { return kvtest.Strict(open(t, memory.Options{})) })
}

func write(ctx context.Context, e kv.Engine, key, value string) error {
	return e.Update(ctx, func(tx kv.Txn) error { return tx.Put([]byte(key), []byte(value)) })
}

// Each answer below rests on something that another transaction changes after
// the first run has read it. The answer must be that of a second run.
func TestNoAnswerRestsOnWhatChangedMeanwhile(t *testing.T) {
	value := func(tx kv.Txn) (string, error) {
		v, ok, err := tx.Get([]byte("m"))
		return fmt.Sprint(string(v), ok), err
	}
	page := func(r kv.Range) func(kv.Txn) (string, error) {
		return func(tx kv.Txn) (string, error) {
			page, err := tx.Scan(r)
			return fmt.Sprintf("%q", page), err
		}
	}
	for name, read := range map[string]func(kv.Txn) (string, error){
		"a value or an absence":    value,
		"a range":                  page(kv.Range{Limit: 10}),
		"a range in reverse":       page(kv.Range{Limit: 10, Reverse: true}),
		"the first of a range":     page(kv.Range{Limit: 2}),
		"what lies behind a key":   page(kv.Range{Limit: 10, After: []byte("c")}),
		"what lies before a key":   page(kv.Range{Limit: 10, After: []byte("p"), Reverse: true}),
		"an empty range's absence": page(kv.Range{Limit: 1, Prefix: []byte("m")}),
	} {
		for _, change := range []string{"appears", "changes", "vanishes"} {
			for _, kind := range []string{"reads", "writes", "fails"} {
				t.Run(name+" "+change+" under one that "+kind, func(t *testing.T) { overtaken(t, read, change, kind) })
			}
		}
	}
}

var errRefused = errors.New("refused")

func overtaken(t *testing.T, read func(kv.Txn) (string, error), change, kind string) {
	e := open(t, memory.Options{})
	keys := []string{"a", "z"}
	if change != "appears" {
		keys = append(keys, "m")
	}
	for _, key := range keys {
		if err := write(t.Context(), e, key, "before"); err != nil {
			t.Fatal(err)
		}
	}
	var answers []string
	err := e.Update(t.Context(), func(tx kv.Txn) error {
		answer, err := read(tx)
		if answers = append(answers, answer); len(answers) == 1 {
			// On another goroutine, as it is another caller's transaction.
			done := make(chan error)
			go func() { done <- alter(t.Context(), e, change) }()
			err = errors.Join(err, <-done)
		}
		switch kind {
		case "writes":
			err = errors.Join(err, tx.Put([]byte("answer"), []byte(answer)))
		case "fails":
			err = errors.Join(err, errRefused)
		}
		return err
	})
	if errors.Is(err, errRefused) != (kind == "fails") {
		t.Fatal(err)
	}
	if len(answers) != 2 || answers[0] == answers[1] {
		t.Errorf("the runs answered %q, want a second one that differs", answers)
	}
}

func alter(ctx context.Context, e kv.Engine, change string) error {
	if change == "vanishes" {
		return e.Update(ctx, func(tx kv.Txn) error { return tx.Delete([]byte("m")) })
	}
	return write(ctx, e, "m", "after")
}

func TestWhatWasNotReadCausesNoSecondRun(t *testing.T) {
	e := open(t, memory.Options{})
	var runs atomic.Int32
	err := e.Update(t.Context(), func(tx kv.Txn) error {
		runs.Add(1)
		_, _, err := tx.Get([]byte("mine"))
		_, scanErr := tx.Scan(kv.Range{Prefix: []byte("m"), Limit: 5})
		done := make(chan error)
		go func() { done <- write(t.Context(), e, "other", "1") }()
		return errors.Join(err, scanErr, <-done, tx.Put([]byte("blind"), nil))
	})
	if err != nil || runs.Load() != 1 {
		t.Errorf("%d runs, %v, want 1", runs.Load(), err)
	}
}

func TestInjectedConflictsRunTheClosureAgainAndKeepOneRun(t *testing.T) {
	e := open(t, memory.Options{Conflict: memory.ConflictFirst(3)})
	runs, err := kv.Update(t.Context(), e, func() func(kv.Txn) (int, error) {
		runs := 0
		return func(tx kv.Txn) (int, error) {
			runs++
			return runs, tx.Put(fmt.Append(nil, runs), nil)
		}
	}())
	if runs != 4 || err != nil {
		t.Errorf("%d runs, %v, want 4", runs, err)
	}
	if n, err := kvtest.Keys(t.Context(), e); n != 1 || err != nil || e.Commits() != 1 {
		t.Errorf("%d keys, %v, %d commits, want 1 and 1", n, err, e.Commits())
	}
}

func TestOnlyTransactionsThatWriteCountAsCommits(t *testing.T) {
	e := open(t, memory.Options{})
	e.Update(t.Context(), func(tx kv.Txn) error { _, _, err := tx.Get([]byte("a")); return err })
	e.Update(t.Context(), func(tx kv.Txn) error { return errors.Join(tx.Put([]byte("a"), nil), errRefused) })
	if e.Commits() != 0 {
		t.Errorf("%d commits, want none", e.Commits())
	}
}

func TestASnapshotLoadsAsItWas(t *testing.T) {
	e := open(t, memory.Options{})
	const n = 100_000
	for i := 0; i < n; i += kv.MaxWrites {
		err := e.Update(t.Context(), func(tx kv.Txn) error {
			for j := range kv.MaxWrites {
				if err := tx.Put(fmt.Append(nil, i+j), fmt.Append(nil, j%7)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "copy")
	if err := e.Snapshot(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	loaded, err := memory.Load(path, memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := kvtest.All(t.Context(), e)
	got, _ := kvtest.All(t.Context(), loaded)
	same := func(a, b kv.Pair) bool { return string(a.Key) == string(b.Key) && string(a.Value) == string(b.Value) }
	if len(got) != n || !slices.EqualFunc(got, want, same) {
		t.Errorf("%d pairs loaded, and not what was saved", len(got))
	}
}
