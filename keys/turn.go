package keys

import (
	"context"
	"net/netip"
)

// A Turn is a place among those who hash and those who wait for it. Take one before
// what must not be done in vain, such as counting an attempt: nothing that is done
// with it answers ErrBusy.
type Turn struct {
	h    *Hasher
	from netip.Prefix
}

// Reserve takes a place for the caller that ctx belongs to, or returns ErrBusy. After nil
// that caller owes a Release.
func (h *Hasher) Reserve(ctx context.Context) (Turn, error) {
	t := Turn{h: h, from: h.caller(ctx)}
	return t, h.gate.reserve(t.from)
}

// Release gives the place back.
func (t Turn) Release() { t.h.gate.free(t.from) }

// Hash is the Hasher's, without ErrBusy. A place is for one call at a time.
func (t Turn) Hash(ctx context.Context, binding []byte, password string) (sealed []byte, err error) {
	return t.h.hash(ctx, binding, password)
}

// Verify is the Hasher's, without ErrBusy.
func (t Turn) Verify(ctx context.Context, binding, sealed []byte, password string) (ok bool, rehash []byte, err error) {
	return t.h.verify(ctx, binding, sealed, password)
}

// VerifyNothing is the Hasher's, without ErrBusy.
func (t Turn) VerifyNothing(ctx context.Context, password string) error {
	_, _, err := t.h.match(ctx, nobody, password)
	return err
}
