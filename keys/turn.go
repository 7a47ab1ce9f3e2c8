package keys

import (
	"context"

	"latchkey/internal/limit"
)

// A Turn is a place among those who hash and those who wait for it. Take one before
// what must not be done in vain, such as counting an attempt: nothing that is done
// with it answers ErrBusy.
type Turn struct {
	h      *Hasher
	caller limit.Caller
}

// Reserve takes a place for the caller that ctx belongs to, or returns ErrBusy. A quarter
// of the places is kept for those that are known, such as a browser that the account has
// been signed in to from. After nil the caller owes a Release.
func (h *Hasher) Reserve(ctx context.Context, known bool) (Turn, error) {
	t := Turn{h: h, caller: h.caller(ctx, known)}
	return t, h.gate.reserve(t.caller)
}

// Release gives the place back.
func (t Turn) Release() { t.h.gate.free(t.caller) }

// Hash is the Hasher's, without ErrBusy. A place is for one call at a time.
func (t Turn) Hash(ctx context.Context, binding []byte, password string) (sealed []byte, err error) {
	return t.h.hash(ctx, t.caller, binding, password)
}

// Verify is the Hasher's, without ErrBusy.
func (t Turn) Verify(ctx context.Context, binding, sealed []byte, password string) (ok bool, rehash []byte, err error) {
	return t.h.verify(ctx, t.caller, binding, sealed, password)
}

// VerifyNothing is the Hasher's, without ErrBusy.
func (t Turn) VerifyNothing(ctx context.Context, password string) error {
	_, _, err := t.h.match(ctx, t.caller, nobody, password)
	return err
}
