package storage

import (
	"errors"
	"fmt"

	"latchkey/storage/kv"
)

var (
	// ErrNotFound says that no such record exists.
	ErrNotFound = errors.New("not found")
	// ErrForbidden says that the actor may not do this.
	ErrForbidden = errors.New("not allowed")
	// ErrFinished says that a flow has already led to a code: a grant with its
	// id exists.
	ErrFinished = errors.New("this flow is already finished")
	// ErrStale says that what the caller decided upon has changed meanwhile:
	// look again, then decide again. Nothing was changed.
	ErrStale = errors.New("changed meanwhile")
	// ErrRepeated says that a request with the same key was first: see Requests.
	ErrRepeated = errors.New("this request was made before")
	// ErrLink says that a one-time link is unknown, used or expired.
	ErrLink = errors.New("this link is used or expired")
	// ErrSetUp says that an administrator exists already.
	ErrSetUp = errors.New("already set up")
)

// Stopped reports whether err means that the engine answers nothing any more, until the
// program is started again, or that it writes nothing, until its disk has room. Whoever asked did nothing wrong, nor did the program that
// tells them: it is unavailable (RFC 9110 section 15.6.4), and says 503 instead of 500.
func Stopped(err error) bool {
	return errors.Is(err, kv.ErrOutcomeUnknown) || errors.Is(err, kv.ErrDamaged) || errors.Is(err, kv.ErrClosed) ||
		errors.Is(err, kv.ErrFull)
}

// Invalid is a refusal that may be shown to whoever sent the value: which field,
// and a sentence saying what would be right. Nothing was changed.
type Invalid struct {
	Field  string // the field's name as the RFCs or the command line spell it
	Reason string // a sentence fragment: "must be …"
}

func (e *Invalid) Error() string { return e.Field + " " + e.Reason }

func Invalidf(field, format string, args ...any) error {
	return &Invalid{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// Taken says that a value which must be unique belongs to another record.
type Taken struct{ Field string }

func (e *Taken) Error() string { return e.Field + " is already taken" }

// ErrOr is for a look-up that must find something, or nothing: its own error, or
// else what the finding means.
func ErrOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func Found[T any](v *T, err error) (*T, error) {
	if err == nil && v == nil {
		err = ErrNotFound
	}
	return v, err
}
