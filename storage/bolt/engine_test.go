package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"

	"latchkey/storage/kv"
	"latchkey/storage/kv/kvtest"
)

func TestTheContractIsKept(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine { return openNew(t) })
}

func TestTheContractIsKeptThroughStrict(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine { return kvtest.Strict(openNew(t)) })
}

func TestTheEngineRunsWithinASyncTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openNew(t)
		must(t, write(t.Context(), e, "a", "1"))
		must(t, e.Close()) // or the bubble would complain of the writer
	})
}

// openNew returns an engine on a new file.
func openNew(t testing.TB) *Engine {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "data"))
}

func openAt(t testing.TB, path string) *Engine {
	t.Helper()
	e, err := Open(path, Options{})
	must(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(ctx context.Context, e kv.Engine, key, value string) error {
	return e.Update(ctx, func(tx kv.Txn) error { return tx.Put([]byte(key), []byte(value)) })
}

// readAll returns the pairs as a map.
func readAll(t testing.TB, e kv.Engine) map[string]string {
	t.Helper()
	all, err := kvtest.All(t.Context(), e)
	must(t, err)
	m := map[string]string{}
	for _, p := range all {
		m[string(p.Key)] = string(p.Value)
	}
	return m
}

// hold keeps the writer within a closure until release is called, so that a
// test decides what the next batch holds.
func hold(t testing.TB, e *Engine) (release func()) {
	t.Helper()
	entered, leave, left := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		left <- e.Update(context.Background(), func(kv.Txn) error {
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered
	return func() {
		close(leave)
		must(t, <-left)
	}
}

// enqueue starts updates in this order, and returns when all wait.
func enqueue(e *Engine, updates ...func(kv.Txn) error) (answers []chan error) {
	for i, fn := range updates {
		answer := make(chan error, 1)
		answers = append(answers, answer)
		go func() { answer <- e.Update(context.Background(), fn) }()
		for waiting(e) < i+1 {
			runtime.Gosched()
		}
	}
	return answers
}

func waiting(e *Engine) int {
	e.queue.mu.Lock()
	defer e.queue.mu.Unlock()
	return len(e.queue.waiting)
}

// putting is a closure that writes one key.
func putting(key string, size int) func(kv.Txn) error {
	return func(tx kv.Txn) error { return tx.Put([]byte(key), make([]byte, size)) }
}

var errRefused = errors.New("refused")

func TestWhatWaitsSharesOneCommit(t *testing.T) {
	e := openNew(t)
	release := hold(t, e)
	var updates []func(kv.Txn) error
	for i := range 50 {
		updates = append(updates, putting(fmt.Sprint(i), 10))
	}
	answers := enqueue(e, updates...)
	release()
	for _, answer := range answers {
		must(t, <-answer)
	}
	if e.Commits() != 1 || len(readAll(t, e)) != 50 {
		t.Errorf("%d commits for %d keys, want 1 for 50", e.Commits(), len(readAll(t, e)))
	}
}

func TestACommitDoesNotGrowWithoutBound(t *testing.T) {
	e := openNew(t)
	release := hold(t, e)
	const size = kv.MaxBytes * 5 / 8
	answers := enqueue(e, putting("1", size), putting("2", size), putting("3", size), putting("4", size))
	release()
	for _, answer := range answers {
		must(t, <-answer)
	}
	if e.Commits() != 2 || len(readAll(t, e)) != 4 {
		t.Errorf("%d commits for %d keys, want 2 for 4", e.Commits(), len(readAll(t, e)))
	}
}

func TestAClosureSeesTheEarlierOnesOfItsCommitButNotTheFailedOnes(t *testing.T) {
	e := openNew(t)
	release := hold(t, e)
	found := map[string]bool{}
	answers := enqueue(e, putting("kept", 1),
		func(tx kv.Txn) error {
			return errors.Join(putting("failed", 1)(tx), tx.Delete([]byte("kept")), errRefused)
		},
		func(tx kv.Txn) error {
			for _, key := range []string{"kept", "failed"} {
				_, ok, err := tx.Get([]byte(key))
				found[key] = ok && err == nil
			}
			return nil
		})
	release()
	for i, answer := range answers {
		if err := <-answer; errors.Is(err, errRefused) != (i == 1) {
			t.Errorf("update %d answered %v", i, err)
		}
	}
	if !found["kept"] || found["failed"] {
		t.Errorf("found %v, want only what was kept", found)
	}
}

func TestAnUpdateCancelledInTheQueueReturnsAtOnceAndNeverRuns(t *testing.T) {
	e := openNew(t)
	release := hold(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	ran, answer := false, make(chan error)
	go func() { answer <- e.Update(ctx, func(kv.Txn) error { ran = true; return nil }) }()
	for waiting(e) == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) { // while the writer is still held
		t.Errorf("answered %v", err)
	}
	release()
	must(t, write(t.Context(), e, "later", ""))
	if ran {
		t.Error("the cancelled closure ran")
	}
}

func TestCloseRefusesWhatWaitsAndKeepsWhatRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path)
	entered, leave, first := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		first <- e.Update(context.Background(), func(tx kv.Txn) error {
			close(entered)
			<-leave
			return tx.Put([]byte("running"), nil)
		})
	}()
	<-entered
	waiting := enqueue(e, putting("waiting", 0))
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	if err := <-waiting[0]; !errors.Is(err, kv.ErrClosed) {
		t.Errorf("the waiting update answered %v, want ErrClosed", err)
	}
	close(leave)
	must(t, <-first)
	must(t, <-closed)
	if all := readAll(t, openAt(t, path)); len(all) != 1 {
		t.Errorf("the file holds %q, want what ran", all)
	}
}

func TestCloseWithinAnUpdateIsRefused(t *testing.T) {
	e := openNew(t)
	var err error
	must(t, e.Update(t.Context(), func(kv.Txn) error { err = e.Close(); return nil }))
	if !errors.Is(err, kv.ErrNested) {
		t.Errorf("answered %v, want ErrNested", err)
	}
}

func TestAPanicsStackNamesTheClosure(t *testing.T) {
	e := openNew(t)
	defer func() {
		p, ok := recover().(*kv.PanicError)
		if !ok || p.Value != "boom" || !contains(p.Error(), "panicking") {
			t.Errorf("recovered %v", p)
		}
	}()
	e.Update(t.Context(), panicking)
}

func panicking(kv.Txn) error { panic("boom") }

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		child(path)
		return
	}
	os.Exit(m.Run())
}
