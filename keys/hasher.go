package keys

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"

	"github.com/zitadel/passwap"
	"github.com/zitadel/passwap/argon2"
	"golang.org/x/text/unicode/norm"

	"latchkey/internal/limit"
)

// argon2id with 19 MiB, two passes and one lane, the first of the parameters that
// the OWASP Password Storage Cheat Sheet recommends.
var argon2idParams = argon2.Params{Time: 2, Memory: 19 << 10, Threads: 1, KeyLen: 32, SaltLen: 16}

// nobody is a hash that stands in for an unknown user's: of the same form and cost,
// with an output that no known password has.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbCEhIQ$bm8gcGFzc3dvcmQgaXMga25vd24gZm9yIHRoaXMgISE"

// maxPasswordBytes is more than any acceptable password has in any Unicode form.
const maxPasswordBytes = 4096

const defaultQueue = 64

// HasherOptions are what a Hasher needs. Ring is required.
type HasherOptions struct {
	Ring       *Ring
	Concurrent int  // hashes at once; default one a core
	Queue      int  // callers that may wait for their turn; default 64
	Span       Span // of hashing and the wait for it; nil: none
	// Address says where a call comes from, so that one address cannot take all the
	// places; the zero Addr and this machine's own are not bound by that. nil: all are
	// the zero Addr.
	Address func(context.Context) netip.Addr
}

// Hasher hashes and checks passwords, by argon2id, in Unicode normalization form C
// (NFC), sealed at rest, and checks imported client secrets. Each hash takes 19 MiB and a core for some 20 ms, so only
// so many run at once and only so many wait, and of these only so many for one network and
// some for browsers that the account knows; past that the answer is ErrBusy, to be given to the user as "try again".
type Hasher struct {
	ring    *Ring
	gate    *gate
	secrets *gate // before the other one, for imported client secrets
	span    Span
	address func(context.Context) netip.Addr // nil: none
	swapper swapper
}

// swapper is the part of passwap.Swapper in use.
type swapper interface {
	Hash(password string) (encoded string, err error)
	Verify(encoded, password string) (updated string, err error)
	VerifyAndUpdate(encoded, oldPassword, newPassword string) (updated string, err error)
}

// NewHasher returns a Hasher that seals with the ring.
func NewHasher(o HasherOptions) *Hasher {
	if o.Concurrent <= 0 {
		o.Concurrent = runtime.GOMAXPROCS(0)
	}
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	return &Hasher{
		ring:    o.Ring,
		span:    o.Span,
		address: o.Address,
		gate:    newGate(o.Concurrent, o.Queue, 4),
		secrets: newGate(max(1, o.Concurrent/2), o.Queue/4, 0),
		swapper: passwap.NewSwapper(argon2.NewArgon2id(argon2idParams), foreignForms...),
	}
}

// caller is where the call that ctx belongs to comes from.
func (h *Hasher) caller(ctx context.Context, known bool) limit.Caller {
	c := limit.Caller{Known: known}
	if h.address != nil {
		c.From = limit.Prefixes(h.address(ctx))
	}
	return c
}

// Hash returns the hash of a password, sealed and bound to binding (the user's id).
// It returns ErrBusy, or the cause of ctx ending while it waited. It does not judge
// the password: CheckPassword does. Whoever may set a password has shown who they are,
// so they may have of the places that are kept (see Reserve).
func (h *Hasher) Hash(ctx context.Context, binding []byte, password string) (sealed []byte, err error) {
	t, err := h.Reserve(ctx, true)
	if err != nil {
		return nil, err
	}
	defer t.Release()
	return t.Hash(ctx, binding, password)
}

func (h *Hasher) hash(ctx context.Context, c limit.Caller, binding []byte, password string) (sealed []byte, err error) {
	if len(password) > maxPasswordBytes {
		return nil, fmt.Errorf("%w: a password of %d bytes", ErrHash, len(password))
	}
	if err := awaitTurn(ctx, h.gate.turns, c, h.span); err != nil {
		return nil, err
	}
	defer h.gate.turns.Done()
	defer h.span.begin(ctx, spanHash)()
	encoded, err := h.swapper.Hash(norm.NFC.String(password))
	if err != nil {
		return nil, err
	}
	return h.seal(binding, encoded), nil
}

// Verify reports whether sealed, from Hash or Import with the same binding, is the
// hash of password. If ok and rehash is not nil, rehash takes the place of sealed:
// the hash was made by another algorithm or at another cost, or sealed under a
// retired key. Errors: ErrSeal, ErrHash, ErrBusy, the cause of ctx ending.
func (h *Hasher) Verify(ctx context.Context, binding, sealed []byte, password string) (ok bool, rehash []byte,
	err error) {
	t, err := h.Reserve(ctx, false)
	if err != nil {
		return false, nil, err
	}
	defer t.Release()
	return t.Verify(ctx, binding, sealed, password)
}

func (h *Hasher) verify(ctx context.Context, c limit.Caller, binding, sealed []byte, password string) (ok bool,
	rehash []byte, err error) {
	encoded, err := h.ring.Unseal(PurposePassword, binding, sealed)
	if err != nil {
		return false, nil, err
	}
	if err := checkEncoded(string(encoded)); err != nil {
		return false, nil, err
	}
	ok, updated, err := h.match(ctx, c, string(encoded), password)
	switch {
	case err != nil || !ok:
		return false, nil, err
	case updated != "":
		return true, h.seal(binding, updated), nil
	case h.ring.retired(PurposePassword, sealed):
		return true, h.seal(binding, string(encoded)), nil
	}
	return true, nil, nil
}

// VerifyNothing does the work of Verify for an account that does not exist, has no
// password or may not sign in, so that the time to the answer does not tell. For tests:
// what signs people in has a Turn.
func (h *Hasher) VerifyNothing(ctx context.Context, password string) error {
	t, err := h.Reserve(ctx, false)
	if err != nil {
		return err
	}
	defer t.Release()
	return t.VerifyNothing(ctx, password)
}

// Import seals a hash that another system made: argon2i, argon2id, bcrypt, scrypt
// or PBKDF2, in the usual notations, in Django's, or as a credential object of
// Keycloak. It returns ErrHash, with the reason, for another form and for costs that
// would let one sign-in take the server's memory or minutes of a core.
func (h *Hasher) Import(binding []byte, encoded string) (sealed []byte, err error) {
	usual, err := usualForm(encoded)
	if err != nil {
		return nil, err
	}
	if err := checkEncoded(usual); err != nil {
		return nil, err
	}
	if err := checkDecodes(usual); err != nil {
		return nil, err
	}
	return h.seal(binding, usual), nil
}

func (h *Hasher) seal(binding []byte, encoded string) []byte {
	return h.ring.Seal(PurposePassword, binding, []byte(encoded))
}

// match compares password with encoded and returns another hash of it if encoded is
// not by today's algorithm and cost. What was typed counts in NFC, but a system that
// hashes were imported from may have taken it as it came: where that differs it is
// tried as well, for every account alike, so that the time does not tell them apart.
// The caller has a place at the gate.
func (h *Hasher) match(ctx context.Context, c limit.Caller, encoded, password string) (ok bool, updated string,
	err error) {
	if len(password) > maxPasswordBytes {
		encoded, password = nobody, ""
	}
	if err := awaitTurn(ctx, h.gate.turns, c, h.span); err != nil {
		return false, "", err
	}
	defer h.gate.turns.Done()
	defer h.span.begin(ctx, spanHash)()
	canonical := norm.NFC.String(password)
	updated, err = h.swapper.Verify(encoded, canonical)
	if errors.Is(err, passwap.ErrPasswordMismatch) && canonical != password {
		updated, err = h.swapper.VerifyAndUpdate(encoded, password, canonical)
	}
	switch {
	case err == nil:
		return true, updated, nil
	case errors.Is(err, passwap.ErrPasswordMismatch):
		return false, "", nil
	}
	return false, "", fmt.Errorf("%w: %w", ErrHash, err)
}
