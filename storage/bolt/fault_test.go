package bolt

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"latchkey/storage/kv"
)

// The descriptor of an open data file is re-aimed at something that fails as a
// disk does. Killing a process does not show a missing sync, for the kernel
// keeps what was written; a descriptor that cannot be synced does.
var faults = []struct {
	name string
	aim  string
	flag int
	want error
}{
	{"no space is left", "/dev/full", os.O_RDWR, syscall.ENOSPC},
	{"the disk does not sync", "/dev/null", os.O_RDWR, syscall.EINVAL},
	{"the file is read-only", "/dev/zero", os.O_RDONLY, syscall.EBADF},
}

// reaim makes the engine's descriptor refer to something else, and back.
func reaim(t *testing.T, e *Engine, path string, flag int) (restore func()) {
	t.Helper()
	saved, err := unix.Dup(int(e.file.Fd()))
	must(t, err)
	target, err := os.OpenFile(path, flag, 0)
	must(t, err)
	defer target.Close()
	must(t, unix.Dup3(int(target.Fd()), int(e.file.Fd()), unix.O_CLOEXEC))
	return func() {
		t.Helper()
		must(t, errors.Join(unix.Dup3(saved, int(e.file.Fd()), unix.O_CLOEXEC), unix.Close(saved)))
	}
}

func contains(s string, words ...string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

func TestNothingIsAcknowledgedThatIsNotOnTheDisk(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data")
			e := openAt(t, path)
			must(t, write(t.Context(), e, "before", "1"))
			restore := reaim(t, e, fault.aim, fault.flag)
			err := write(t.Context(), e, "lost", "1")
			if !errors.Is(err, kv.ErrOutcomeUnknown) || !errors.Is(err, fault.want) {
				t.Fatalf("answered %v, want an unknown outcome by %v", err, fault.want)
			}
			if !contains(err.Error(), "free space", "writable", "restart") {
				t.Errorf("%q does not say what to do", err)
			}
			if e.Commits() != 1 {
				t.Errorf("%d commits counted, want 1", e.Commits())
			}
			wantStopped(t, e, err)
			restore()
			wantStopped(t, e, err) // a disk that works again changes nothing
			must(t, e.Close())
			if all := readAll(t, openAt(t, path)); all["before"] != "1" || len(all) != 1 {
				t.Errorf("after a restart the file holds %q", all)
			}
		})
	}
}

// A disk that is full before a commit takes nothing with it.
func TestAFullDiskStopsWritesAloneAndOnlyWhileItIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path)
	must(t, write(t.Context(), e, "before", "1"))
	full := true
	e.reserved, e.allocate = 0, func(*os.File, int64) error {
		if full {
			return syscall.ENOSPC
		}
		return nil
	}
	for range 2 {
		if err := write(t.Context(), e, "lost", "1"); !errors.Is(err, kv.ErrFull) ||
			errors.Is(err, kv.ErrOutcomeUnknown) {
			t.Fatalf("answered %v, want that the disk is full", err)
		}
	}
	if all := readAll(t, e); all["before"] != "1" || len(all) != 1 || e.Err() != nil {
		t.Errorf("while the disk is full: %q, %v", all, e.Err())
	}
	must(t, e.Update(t.Context(), func(tx kv.Txn) error { _, _, err := tx.Get([]byte("before")); return err }))
	full = false
	must(t, write(t.Context(), e, "after", "1"))
	must(t, e.Close())
	if all := readAll(t, openAt(t, path)); all["before"] != "1" || all["after"] != "1" || len(all) != 2 {
		t.Errorf("after a restart the file holds %q", all)
	}
}

// What is reserved is never less than what a commit writes, or a disk could fill up in it.
func TestWhatIsReservedIsEnoughForACommit(t *testing.T) {
	e := openNew(t)
	var reserved int64
	e.allocate = func(_ *os.File, size int64) error { reserved = size; return nil }
	value := make([]byte, 300)
	for round := range 30 {
		e.reserved = 0
		must(t, e.Update(t.Context(), func(tx kv.Txn) error {
			for i := range 1 + round*round {
				h := fnv.New64a()
				fmt.Fprint(h, round%7, i)
				if err := tx.Put(h.Sum(nil), value); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, e.db.View(func(tx *bbolt.Tx) error {
			if tx.Size() > reserved-reserveStep {
				t.Errorf("round %d: the file has pages up to %d, and %d were asked for", round, tx.Size(),
					reserved-reserveStep)
			}
			return nil
		}))
	}
}

// wantStopped checks that every call answers the error the engine stopped with.
func wantStopped(t *testing.T, e *Engine, want error) {
	t.Helper()
	ran := func() error { t.Error("a closure ran"); return nil }
	for name, err := range map[string]error{
		"View":     e.View(t.Context(), func(kv.Reader) error { return ran() }),
		"Update":   e.Update(t.Context(), func(kv.Txn) error { return ran() }),
		"Snapshot": e.Snapshot(t.Context(), filepath.Join(t.TempDir(), "copy")),
		"Err":      e.Err(),
	} {
		if err != want {
			t.Errorf("%s answered %v, want what the engine stopped with", name, err)
		}
	}
}

func TestEveryAnswerOfACommitWaitsForIt(t *testing.T) {
	e := openNew(t)
	release := hold(t, e)
	reading := func(tx kv.Txn) error { _, _, err := tx.Get([]byte("a")); return err }
	failing := func(tx kv.Txn) error { return errors.Join(reading(tx), errRefused) }
	answers := enqueue(e, failing, putting("a", 1), reading, failing, putting("b", 1))
	defer reaim(t, e, "/dev/null", os.O_RDWR)()
	release()
	for i, answer := range answers {
		if err := <-answer; !errors.Is(err, kv.ErrOutcomeUnknown) || errors.Is(err, errRefused) {
			t.Errorf("update %d answered %v, though its commit failed", i, err)
		}
	}
}

func TestWhatWaitsWhenTheEngineStopsNeverRuns(t *testing.T) {
	e := openNew(t)
	entered, leave, first := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		first <- e.Update(context.Background(), func(tx kv.Txn) error {
			close(entered)
			<-leave
			return tx.Put([]byte("a"), nil)
		})
	}()
	<-entered
	ran := func(kv.Txn) error { t.Error("a closure ran"); return nil }
	answers := enqueue(e, ran, ran)
	defer reaim(t, e, "/dev/full", os.O_RDWR)()
	close(leave)
	for _, err := range []error{<-first, <-answers[0], <-answers[1]} {
		if !errors.Is(err, kv.ErrOutcomeUnknown) {
			t.Errorf("answered %v, want the error the engine stopped with", err)
		}
	}
}

func TestAnUpdateWithoutWritesDoesNotSync(t *testing.T) {
	e := openNew(t)
	must(t, write(t.Context(), e, "a", "1"))
	defer reaim(t, e, "/dev/full", os.O_RDWR)()
	must(t, e.Update(t.Context(), func(tx kv.Txn) error { _, _, err := tx.Get([]byte("a")); return err }))
	err := e.Update(t.Context(), func(tx kv.Txn) error { return errors.Join(tx.Put([]byte("b"), nil), errRefused) })
	if !errors.Is(err, errRefused) || e.Commits() != 1 || e.Err() != nil {
		t.Errorf("answered %v, %d commits, engine %v", err, e.Commits(), e.Err())
	}
}

// A commit shows its state to new readers before its last sync. The test
// stands in for a commit in that moment: the newest state is not yet durable.
func TestAViewDoesNotTellOfAStateBeforeItIsDurable(t *testing.T) {
	for _, synced := range []bool{true, false} {
		e := openNew(t)
		must(t, write(t.Context(), e, "a", "1"))
		newest := e.durable.Load()
		e.committing.Lock()
		e.durable.Store(newest - 1)
		seen, answer := make(chan struct{}), make(chan error)
		go func() {
			answer <- e.View(context.Background(), func(kv.Reader) error { close(seen); return nil })
		}()
		<-seen
		if synced {
			e.durable.Store(newest)
		} else {
			e.stop(errors.New("the sync failed"))
		}
		e.committing.Unlock()
		if err := <-answer; errors.Is(err, kv.ErrOutcomeUnknown) == synced {
			t.Errorf("synced %v: the View answered %v", synced, err)
		}
	}
}
