package bolt

import (
	"errors"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"latchkey/storage/kv"
)

// fillPercent of split pages. Most keys are time-ordered: a page that splits
// is not inserted into again, and half-empty pages would double the file.
const fillPercent = 0.9

// batch is what one commit holds.
type batch struct {
	tx     *bbolt.Tx    // the last committed state, for reading
	ops    []*operation // taken from the queue
	next   int          // the first of ops not looked at
	ran    []*operation // owed an answer
	buffer *kv.Buffer
	err    error // why nothing can run
}

// write is the writer's goroutine. A closure that calls Goexit ends it, and it
// then goes on in another one with the batch it was in; else b is nil. It must
// stay a frame of its own, see onWriter.
//
//go:noinline
func (e *Engine) write(b *batch) {
	debug.SetPanicOnFault(true)
	for {
		if b == nil {
			ops := e.queue.take()
			if len(ops) == 0 {
				close(e.ended)
				return
			}
			b = e.begin(ops)
		}
		e.runAll(b)
		e.settle(b)
		b = nil
	}
}

func (e *Engine) begin(ops []*operation) *batch {
	b := &batch{ops: ops, buffer: kv.NewBuffer()}
	if stopped := e.stopped.Load(); stopped != nil {
		b.err = *stopped
	} else if tx, err := e.db.Begin(false); err != nil {
		b.err = e.stop(err)
	} else {
		b.tx = tx
	}
	return b
}

// runAll runs closures until none is left or the commit is big enough, so that
// neither memory nor the wait of the first grows with the number of the others.
func (e *Engine) runAll(b *batch) {
	for b.next < len(b.ops) && b.buffer.Len() < kv.MaxWrites && b.buffer.Bytes() < kv.MaxBytes {
		op := b.ops[b.next]
		b.next++
		if !op.claim() {
			continue // its caller gave up
		}
		b.ran = append(b.ran, op)
		if b.err == nil {
			e.run(b, op)
		}
	}
	if b.next < len(b.ops) {
		e.queue.putBack(b.ops[b.next:])
	}
}

// run runs one closure. Only if it answers nil do its writes stay in the
// buffer, so a failing one spoils nothing of its neighbours.
func (e *Engine) run(b *batch, op *operation) {
	b.buffer.Begin()
	r, err := e.newReader(b.tx)
	if err != nil {
		b.err = err
		return
	}
	t := &txn{reader: r, buffer: b.buffer}
	returned := false
	defer func() {
		e.running.Store(false)
		t.finished = true
		if returned && op.err == nil {
			return
		}
		b.buffer.Rollback()
		if returned {
			return
		}
		if value := recover(); isFault(value) {
			op.err = e.stopDamaged(value)
			return
		} else if value != nil {
			op.panicked = &kv.PanicError{Value: value, Stack: debug.Stack()}
			return
		}
		// Neither returned nor panicked: Goexit. This goroutine cannot be
		// saved, and the batch goes on in another.
		op.exited = true
		go e.write(b)
	}()
	e.running.Store(true)
	op.err = op.fn(t)
	if op.err == nil {
		op.err = b.buffer.Err()
	}
	returned = true
}

// settle commits and answers everyone. The answers of failed closures wait too,
// for they may rest on writes of the same batch, and so they fail with it.
func (e *Engine) settle(b *batch) {
	if b.tx != nil {
		// Before the commit, so that the snapshot keeps no pages from reuse.
		_ = b.tx.Rollback()
	}
	if stopped := e.stopped.Load(); b.err == nil && stopped != nil {
		b.err = *stopped // a page that was read is damaged
	}
	if b.err == nil && b.buffer.Len() > 0 {
		b.err = e.commit(b.buffer)
	}
	for _, op := range b.ran {
		if b.err != nil {
			op.err = b.err
		}
		close(op.done)
	}
}

// commit returns nil once the writes are on the disk. After any error but kv.ErrFull the
// engine has stopped.
func (e *Engine) commit(buffer *kv.Buffer) (err error) {
	e.committing.Lock()
	defer e.committing.Unlock()
	defer e.catchCommit(&err)
	tx, err := e.db.Begin(true)
	if err != nil {
		return e.stop(err)
	}
	if err := e.reserve(tx, buffer); err != nil {
		if undone := tx.Rollback(); undone != nil {
			return e.stop(errors.Join(err, undone))
		}
		return err
	}
	if err := apply(tx, buffer); err != nil {
		return e.stop(errors.Join(err, tx.Rollback()))
	}
	state := int64(tx.ID())
	if err := tx.Commit(); err != nil {
		return e.stop(err)
	}
	e.durable.Store(state)
	e.commits.Add(1)
	return nil
}

// apply writes in key order, which keeps neighbours on the same pages together.
func apply(tx *bbolt.Tx, buffer *kv.Buffer) error {
	bucket := tx.Bucket(bucketName)
	bucket.FillPercent = fillPercent
	return buffer.Each(func(key, value []byte) error {
		if value == nil {
			return bucket.Delete(key)
		}
		return bucket.Put(key, value) // copies the key, and the buffer outlives tx
	})
}

// stop ends the engine's work for good and returns the error all calls get.
func (e *Engine) stop(cause error) error {
	err := kv.OutcomeUnknown(cause)
	e.stopped.CompareAndSwap(nil, &err)
	return *e.stopped.Load()
}
