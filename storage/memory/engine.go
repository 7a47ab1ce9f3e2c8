package memory

import (
	"context"
	"sync"
	"sync/atomic"

	"latchkey/storage/kv"
)

// Options are the engine's. The zero value is a plain engine.
type Options struct {
	// Conflict is asked before each commit, with the number of runs the closure
	// has had in this call, from 1. If it answers true, the run is treated as
	// having read something that changed: its writes are dropped and the
	// closure runs again. It may be called from several goroutines at once.
	Conflict func(run int) bool
}

// ConflictFirst is a Conflict that makes every closure run n+1 times or more,
// up to the run that nobody can conflict with.
func ConflictFirst(n int) func(run int) bool {
	return func(run int) bool { return run <= n }
}

// Engine implements kv.Engine.
type Engine struct {
	conflict func(run int) bool
	nesting  kv.Nesting
	commits  atomic.Uint64

	// mu orders commits. The state is read without it.
	mu     sync.Mutex
	state  atomic.Pointer[tree]
	closed atomic.Bool
}

var _ kv.Engine = (*Engine)(nil)

// New returns an empty engine.
func New(o Options) *Engine {
	if o.Conflict == nil {
		o.Conflict = ConflictFirst(0)
	}
	return &Engine{conflict: o.Conflict}
}

// patience is the number of optimistic runs before a closure runs while nobody
// else can commit, so that a long transaction among short ones ends too.
const patience = 8

// View implements kv.Engine.
func (e *Engine) View(ctx context.Context, fn func(kv.Reader) error) error {
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	t := &txn{base: e.state.Load()}
	defer func() { t.finished = true }()
	return fn(t)
}

// Update implements kv.Engine.
func (e *Engine) Update(ctx context.Context, fn func(kv.Txn) error) error {
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for run := 1; run <= patience; run++ {
		t := &txn{base: e.state.Load(), buffer: kv.NewBuffer(), points: make(map[string]*pair)}
		answer := t.run(fn)
		if e.conflict(run) {
			continue
		}
		e.mu.Lock()
		counted, err := e.commit(t, answer)
		e.mu.Unlock()
		if counted {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock() // deferred, for the closure may panic
	t := &txn{base: e.state.Load(), buffer: kv.NewBuffer()}
	_, err = e.commit(t, t.run(fn))
	return err
}

func (e *Engine) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := e.Err(); err != nil {
		return nil, err
	}
	return e.nesting.Enter()
}

// run returns the closure's answer. A panic passes through to the caller, on
// whose goroutine this is.
func (t *txn) run(fn func(kv.Txn) error) error {
	defer func() { t.finished = true }()
	if err := fn(t); err != nil {
		return err
	}
	return t.buffer.Err()
}

// commit decides under mu whether the run counts, and keeps its writes if its
// answer is no error. An error is an answer too: it counts only if what the
// closure read still holds.
func (e *Engine) commit(t *txn, answer error) (counted bool, err error) {
	if err := e.Err(); err != nil {
		return true, err
	}
	now := e.state.Load()
	if !t.holds(now) {
		return false, nil
	}
	if answer == nil && t.buffer.Len() > 0 {
		e.state.Store(t.apply(now))
		e.commits.Add(1)
	}
	return true, answer
}

// Commits counts the transactions committed with at least one write.
func (e *Engine) Commits() uint64 { return e.commits.Load() }

// Err implements kv.Engine.
func (e *Engine) Err() error {
	if e.closed.Load() {
		return kv.ErrClosed
	}
	return nil
}

// Close implements kv.Engine.
func (e *Engine) Close() error {
	// Under mu, so that no commit is half done when Close returns.
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed.Store(true)
	return nil
}
