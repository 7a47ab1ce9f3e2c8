package bolt

import (
	"context"
	"errors"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"latchkey/storage/kv"
)

// Engine implements kv.Engine on a file. See Open.
//
// A View within a View is not noticed here, for looking costs more than a small
// View. kvtest.Strict notices it.
type Engine struct {
	db    *bbolt.DB
	file  *os.File // the one db uses
	queue queue

	running atomic.Bool   // the writer is within a closure
	ended   chan struct{} // the writer is gone

	// committing is held during a commit, which for its last sync has already
	// shown its state to new snapshots. durable is the newest state that is
	// certainly on the disk.
	committing sync.RWMutex
	durable    atomic.Int64
	commits    atomic.Uint64

	stopped   atomic.Pointer[error]
	closed    atomic.Bool
	closing   sync.Once
	closeErr  error
	readOnly  bool
	scattered bool // the file was opened without a list of its free pages
	unclean   bool // so it was found, because nobody closed it
	// Of the writer: see reserve.
	allocate     allocator
	reserved     int64 // bytes of the file that have room on the disk
	unreservable bool  // the file system does not reserve
	wedged       bool  // bbolt panicked in a commit and holds its locks forever
}

var _ kv.Engine = (*Engine)(nil)

var bucketName = []byte("kv")

// View implements kv.Engine.
func (e *Engine) View(ctx context.Context, fn func(kv.Reader) error) error {
	return e.read(ctx, func(tx *bbolt.Tx) error {
		r, err := e.newReader(tx)
		if err != nil {
			return err
		}
		defer func() { r.finished = true }()
		return fn(&r)
	})
}

// read runs fn over a snapshot and returns once what it saw is durable.
func (e *Engine) read(ctx context.Context, fn func(*bbolt.Tx) error) error {
	if err := e.refusal(ctx); err != nil {
		return err
	}
	tx, err := e.db.Begin(false)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return kv.ErrClosed
	} else if err != nil {
		return err
	}
	state := int64(tx.ID())
	answer := func() (err error) {
		defer tx.Rollback() // deferred, because the closure may panic
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer e.catchFault(&err)
		return fn(tx)
	}()
	if err := e.waitDurable(state); err != nil {
		return err
	}
	return answer
}

// waitDurable waits for the commit that made a state, if it is still syncing.
// Without it a reader could tell of a write that a power failure then undoes.
func (e *Engine) waitDurable(state int64) error {
	if state <= e.durable.Load() {
		return nil
	}
	e.committing.RLock()
	defer e.committing.RUnlock()
	if state <= e.durable.Load() {
		return nil
	}
	return *e.stopped.Load()
}

// Update implements kv.Engine.
func (e *Engine) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if err := e.refusal(ctx); err != nil {
		return err
	}
	if e.readOnly {
		return ErrReadOnly
	}
	op := &operation{fn: fn, done: make(chan struct{})}
	if !e.queue.put(op) {
		return e.Err()
	}
	select {
	case <-op.done:
	case <-ctx.Done():
		if op.claim() {
			return ctx.Err()
		}
		<-op.done
	}
	return op.answer()
}

// refusal is why a call does not even begin.
func (e *Engine) refusal(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.Err(); err != nil {
		return err
	}
	if e.onWriter() {
		return kv.ErrNested
	}
	return nil
}

// Commits counts the commits that were synced, each of one or more
// transactions.
func (e *Engine) Commits() uint64 { return e.commits.Load() }

// Err implements kv.Engine.
func (e *Engine) Err() error {
	if stopped := e.stopped.Load(); stopped != nil {
		return *stopped
	}
	if e.closed.Load() {
		return kv.ErrClosed
	}
	return nil
}

// onWriter tells whether the caller is a closure that the writer runs, which
// would wait for itself. Looking at the stack costs half a microsecond, so it
// is only done while a closure runs.
func (e *Engine) onWriter() bool {
	if !e.running.Load() {
		return false
	}
	var stack [256]uintptr
	depth := runtime.Callers(1, stack[:])
	// The writer's loop is among the outermost frames of its goroutine.
	for _, pc := range stack[max(0, depth-4):depth] {
		if f := runtime.FuncForPC(pc - 1); f != nil && f.Entry() == writerEntry {
			return true
		}
	}
	return false
}

var writerEntry = reflect.ValueOf((*Engine).write).Pointer()
