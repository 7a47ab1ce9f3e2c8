package bolt

import (
	"fmt"
	"io"
	"runtime"

	"latchkey/storage/kv"
)

// Pages have no checksums, and bbolt believes what they say. Where one says what
// cannot be, bbolt panics, or follows it out of the mapped file, which is a fault of
// memory access. The process ends at such a fault unless the goroutine has set
// debug.SetPanicOnFault: every goroutine that reads mapped pages sets it. What is
// caught stops the engine, because a page that is wrong once is wrong for all.

// catchPanic is deferred around calls of bbolt, where every panic is due to damage.
func (e *Engine) catchPanic(err *error) {
	if value := recover(); value != nil {
		*err = e.stopDamaged(value)
	}
}

// catchCommit is catchPanic for commits, within which bbolt holds its locks.
func (e *Engine) catchCommit(err *error) {
	if value := recover(); value != nil {
		e.wedged = true
		*err = e.stopDamaged(value)
	}
}

// catchFault is deferred around closures, which read what they got from the mapped
// file: their faults are due to damage, and their panics are their own.
func (e *Engine) catchFault(err *error) {
	if value := recover(); isFault(value) {
		*err = e.stopDamaged(value)
	} else if value != nil {
		panic(value)
	}
}

// isFault tells a fault that debug.SetPanicOnFault made a panic. A nil pointer has no
// address.
func isFault(value any) bool {
	fault, ok := value.(interface {
		runtime.Error
		Addr() uintptr
	})
	return ok && fault.Addr() != 0
}

func (e *Engine) stopDamaged(value any) error {
	err := kv.Damaged(fmt.Errorf("%v", value))
	e.stopped.CompareAndSwap(nil, &err)
	return *e.stopped.Load()
}

// sound walks the pages of a file as Verify does, because bbolt walks them at its
// start where no one can catch its panics.
func sound(f io.ReaderAt, size uint64, newest meta) error {
	if !newest.sane() {
		return fmt.Errorf("%w: %w", kv.ErrDamaged, ErrNotData)
	}
	p := &pages{file: f, bytes: size, size: newest.pageSize, count: newest.pages}
	found := p.walkState(newest.root)
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%w: page %d: %s", kv.ErrDamaged, found[0].Page, found[0].What)
}
