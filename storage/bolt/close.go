package bolt

import (
	"errors"
	"runtime/debug"

	"latchkey/storage/kv"
)

// Close implements kv.Engine. After a clean Close the next Open need not read
// the whole file.
func (e *Engine) Close() error {
	if e.onWriter() {
		return kv.ErrNested
	}
	e.closing.Do(func() { e.closeErr = e.close() })
	return e.closeErr
}

func (e *Engine) close() error {
	e.closed.Store(true)
	for _, op := range e.queue.close() {
		if op.claim() {
			op.err = kv.ErrClosed
			close(op.done)
		}
	}
	<-e.ended
	if e.wedged {
		// db.Close would wait for locks that are never released. Closing the
		// descriptor releases the file, the mapping stays until the process ends.
		return e.file.Close()
	}
	var err error
	if !e.readOnly && e.stopped.Load() == nil && (e.scattered || e.commits.Load() > 0) {
		err = e.saveFreePages()
	}
	if e.wedged {
		return errors.Join(err, e.file.Close())
	}
	return errors.Join(err, e.db.Close()) // waits for Views
}

// Unclean reports whether whoever had the file before stopped without closing it.
// What was acknowledged is there all the same.
func (e *Engine) Unclean() bool { return e.unclean }

// saveFreePages commits the list of free pages, which other commits leave out
// because writing it each time costs more than all the rest on a big file.
func (e *Engine) saveFreePages() (err error) {
	e.committing.Lock()
	defer e.committing.Unlock()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer e.catchCommit(&err)
	e.db.NoFreelistSync = false
	tx, err := e.db.Begin(true)
	if err != nil {
		return err
	}
	state := int64(tx.ID())
	if err := tx.Commit(); err != nil {
		return e.stop(err) // for Views that still run and saw it
	}
	e.durable.Store(state)
	return nil
}
