package kv

import (
	"errors"
	"fmt"
)

// Errors every engine answers alike. Match them with errors.Is.
var (
	// ErrClosed: the engine was closed; the call did nothing.
	ErrClosed = errors.New("the storage engine is closed")
	// ErrOutcomeUnknown: a commit failed and the engine has stopped. See
	// OutcomeUnknown for what the text holds.
	ErrOutcomeUnknown = errors.New("the outcome of the last writes is unknown")
	// ErrDamaged: the data file cannot be what was written. See Damaged.
	ErrDamaged = errors.New("the data file is damaged")
	// ErrFull: the disk has no room for a commit. Nothing of it was written, and the
	// engine goes on.
	ErrFull = errors.New("the disk of the data file is full, so nothing was written: make room, and writes go on by themselves")
	// ErrTooLarge: a transaction passed MaxWrites or MaxBytes.
	ErrTooLarge = fmt.Errorf("the transaction is too large: at most %d writes and %d bytes", MaxWrites, MaxBytes)
	// ErrKey: a key to write is empty or longer than MaxKey.
	ErrKey = fmt.Errorf("a key must have 1 to %d bytes", MaxKey)
	// ErrLimit: a Range's limit is not within 1 to MaxPage.
	ErrLimit = fmt.Errorf("a range needs a limit of 1 to %d", MaxPage)
	// ErrNested: View or Update was called from within a closure.
	ErrNested = errors.New("a transaction was begun within a transaction")
	// ErrFinished: a Reader or Txn was used after its closure had returned.
	ErrFinished = errors.New("a transaction was used after its closure had returned")
	// ErrLocked: another process holds the data file. The error is a
	// *LockedError.
	ErrLocked = errors.New("the data file is in use")
)

// OutcomeUnknown is the error an engine stops with after a failed commit. It
// matches ErrOutcomeUnknown and the cause, and tells the operator what to do.
func OutcomeUnknown(cause error) error {
	return fmt.Errorf("%w: the commit failed: %w. Nothing more is read or written until a restart. "+
		"Check that the disk has free space, is writable and reports no errors, then restart: "+
		"everything acknowledged is kept, and of the last writes either all or none are there",
		ErrOutcomeUnknown, cause)
}

// Damaged is the error an engine stops with when it met damage: what else it read or
// would write cannot be trusted. It matches ErrDamaged, and tells the operator what to do.
func Damaged(cause error) error {
	return fmt.Errorf("%w: %w. Nothing more is read or written. Stop Latchkey; latchkey check then says what is lost, "+
		"and docs/backup.md what to do", ErrDamaged, cause)
}

// LockedError says who holds a data file, as far as that can be found out. It
// matches ErrLocked.
type LockedError struct {
	Path    string
	PID     int    // 0 if unknown
	Command string // empty if unknown
}

func (e *LockedError) Error() string {
	switch {
	case e.PID == 0:
		return fmt.Sprintf("%v: %s is held by another process", ErrLocked, e.Path)
	case e.Command == "":
		return fmt.Sprintf("%v: %s is held by process %d", ErrLocked, e.Path, e.PID)
	}
	return fmt.Sprintf("%v: %s is held by process %d (%s)", ErrLocked, e.Path, e.PID, e.Command)
}

func (e *LockedError) Unwrap() error { return ErrLocked }

// PanicError carries a closure's panic to its caller from the goroutine where
// the closure ran, with the stack of that goroutine, which the caller's own
// stack no longer shows.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("panic in a transaction: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value panicked with if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
