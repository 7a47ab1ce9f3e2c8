package bolt

import (
	"runtime"
	"sync"
	"sync/atomic"

	"latchkey/storage/kv"
)

// operation is one Update. Until done is closed its answer belongs to the
// writer, afterwards to the caller.
type operation struct {
	fn      func(kv.Txn) error
	claimed atomic.Bool
	done    chan struct{}

	err      error
	panicked *kv.PanicError
	exited   bool // the closure called Goexit
}

// claim decides whether the operation runs: the writer claims it to run it, a
// caller whose context ended claims it so that it never does.
func (o *operation) claim() bool { return o.claimed.CompareAndSwap(false, true) }

// answer is what Update returns, on the caller's goroutine.
func (o *operation) answer() error {
	if o.panicked != nil {
		panic(o.panicked)
	}
	if o.exited {
		runtime.Goexit()
	}
	return o.err
}

// queue holds the operations nobody has looked at. Its zero value needs wake.
type queue struct {
	mu      sync.Mutex
	waiting []*operation
	closed  bool
	wake    chan struct{} // holds one token if there may be something new
}

// put returns false if the queue is closed.
func (q *queue) put(op *operation) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting = append(q.waiting, op)
	q.mu.Unlock()
	q.signal()
	return true
}

// putBack returns operations that were taken and are still first in turn.
func (q *queue) putBack(ops []*operation) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(ops[:len(ops):len(ops)], q.waiting...)
}

// take waits for operations and returns all there are, or none once the queue
// is closed and empty.
func (q *queue) take() []*operation {
	for {
		q.mu.Lock()
		ops, closed := q.waiting, q.closed
		q.waiting = nil
		q.mu.Unlock()
		if len(ops) > 0 || closed {
			return ops
		}
		<-q.wake
	}
}

// close lets nothing in any more and returns what waited.
func (q *queue) close() []*operation {
	q.mu.Lock()
	ops := q.waiting
	q.waiting, q.closed = nil, true
	q.mu.Unlock()
	q.signal()
	return ops
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
