package keys

import "context"

// A Turn is a place among those who hash and those who wait for it. Take one before
// what must not be done in vain, such as counting an attempt: nothing that is done
// with it answers ErrBusy.
type Turn struct{ h *Hasher }

// Reserve takes a place, or returns ErrBusy. After nil the caller owes a Release.
func (h *Hasher) Reserve() (Turn, error) { return Turn{h}, h.gate.reserve() }

// Release gives the place back.
func (t Turn) Release() { t.h.gate.free() }

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
