package keys

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/internal/limit"
	"latchkey/storage"
	"latchkey/storage/policy"
)

// Store keeps the key set; storage.Keys is one. Replace is one conditional write:
// if the stored epoch is not old it changes nothing and returns what is stored.
type Store interface {
	Load(ctx context.Context) (policy.KeySet, error)
	Replace(ctx context.Context, old uint64, set policy.KeySet, notes ...policy.KeyNote) (policy.KeySet, error)
}

// Options are what a Ring needs. Store and Master are required.
type Options struct {
	Store  Store
	Master Master
	Policy func(context.Context) (Policy, error) // read at every Reload; default RS256 and ES256
	Now    func() time.Time                      // default time.Now
	Span   Span                                  // of signatures and the wait for them; nil: none
	Rand   io.Reader                             // of keys and nonces, safe for concurrent use; default crypto/rand (asymmetric keys and signatures always use that)
}

// Ring is the opened keys. Its methods are safe for concurrent use.
type Ring struct {
	store      Store
	master     Master
	readPolicy func(context.Context) (Policy, error)
	now        func() time.Time
	random     io.Reader
	span       Span
	slow       *limit.Turns // RSA signatures, so that they cannot take every core from the rest

	reload sync.Mutex
	state  atomic.Pointer[state]
}

// Open loads the keys, and makes and stores those that are missing: all of them at
// the very first start, those of a purpose or an algorithm that is new afterwards.
// Processes that start at the same time end up with the same keys. It returns
// ErrWrongMaster if the data was made with another master key, ErrAlgorithm if an
// algorithm is not supported, ErrDamaged if the stored set contradicts itself.
func Open(ctx context.Context, o Options) (*Ring, error) {
	if o.Master.key == nil {
		return nil, fmt.Errorf("%w: none was given", ErrMaster)
	}
	r := &Ring{store: o.Store, master: o.Master, readPolicy: o.Policy, now: o.Now, random: o.Rand, span: o.Span}
	if r.readPolicy == nil {
		r.readPolicy = defaultPolicy
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.random == nil {
		r.random = rand.Reader
	}
	r.slow = limit.NewTurns(runtime.GOMAXPROCS(0))
	if err := r.Reload(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Reload takes over the stored key set and the policy, if they are others than those
// in use. On an error the ring goes on with the keys it has.
func (r *Ring) Reload(ctx context.Context) error {
	return r.settle(ctx, r.now(), storage.Actor{Via: storage.ViaJob}, nil)
}

// Epoch is the epoch of the key set in use. For tests.
func (r *Ring) Epoch() uint64 { return r.state.Load().epoch }
