package clientauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// Fetcher fetches what clients keep at addresses of their own, most bytes of it at
// most, with all the care that foreign addresses need: see internal/fetch.
type Fetcher interface {
	Get(ctx context.Context, address string, most int64) ([]byte, error)
}

const (
	keysFresh    = 10 * time.Minute // how long fetched keys are used without a look
	keysStale    = time.Hour        // how long at all, while others cannot be fetched
	keysRefetch  = 30 * time.Second // at most one attempt for a client in that time
	keysMost     = 64 << 10         // bytes of a JWK Set
	keysKeptMost = 4096             // clients
)

// clientKeys are the keys of clients, parsed, and those at a jwks_uri kept. Anybody can
// send an assertion in a client's name and so have its keys fetched: that happens for
// known clients only, one attempt at a time and each half minute at most, and for the
// first one's account even if its connection ends.
type clientKeys struct {
	fetch Fetcher
	now   func() time.Time

	mu     sync.Mutex
	inline map[storage.ID]inlineKeys
	remote map[storage.ID]*remoteKeys
}

// inlineKeys are those of one revision of a client.
type inlineKeys struct {
	revision uint64
	keys     keys.ClientKeys
}

// remoteKeys are those at a client's jwks_uri.
type remoteKeys struct {
	address string
	have    atomic.Pointer[fetchedKeys] // nil: none yet
	tried   atomic.Int64                // when the last attempt was made, Unix nanoseconds
	turn    chan struct{}               // held by whoever makes one
	failed  error                       // of the last attempt; its holder's
}

type fetchedKeys struct {
	keys keys.ClientKeys
	at   time.Time
}

var (
	errNoKeys  = errors.New("the client's keys are not there yet")
	errOldKeys = errors.New("the client's keys are too old, and others cannot be fetched")
)

func NewClientKeys(fetch Fetcher, now func() time.Time) *clientKeys {
	return &clientKeys{fetch: fetch, now: now, inline: map[storage.ID]inlineKeys{},
		remote: map[storage.ID]*remoteKeys{}}
}

// verify reports, by nil, that one of the client's keys has signed a JWT. It may fetch:
// never call it within a transaction. Errors are for the log.
func (k *clientKeys) verify(ctx context.Context, c *apps.Client, jwt keys.ClientJWT) error {
	if c.Metadata.JWKSURI == "" {
		set, err := k.ofRecord(c)
		if err != nil {
			return err
		}
		return jwt.Verify(set)
	}
	r, err := k.at(c)
	if err != nil {
		return err
	}
	seen, failed := r.have.Load(), error(nil)
	fresh := seen != nil && k.now().Sub(seen.at).Abs() < keysFresh
	if fresh {
		if failed = jwt.Verify(seen.keys); failed == nil {
			return nil
		}
	}
	have, err := k.refetch(ctx, r, seen)
	switch {
	case have == nil:
		return errors.Join(errNoKeys, err)
	case have == seen && fresh:
		return failed
	case k.now().Sub(have.at).Abs() >= keysStale:
		return errors.Join(errOldKeys, err)
	case err != nil:
		edge.Note(ctx, slog.String("jwks_uri", "not reached: the keys of before are used"))
	}
	return jwt.Verify(have.keys)
}

// ofRecord are the keys that stand in the client's record.
func (k *clientKeys) ofRecord(c *apps.Client) (keys.ClientKeys, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if have, ok := k.inline[c.UID]; ok && have.revision == c.Revision {
		return have.keys, nil
	}
	set, err := keys.ParseClientKeys(c.Metadata.JWKS, "")
	if err != nil {
		return set, fmt.Errorf("jwks %w", err)
	}
	if len(k.inline) >= keysKeptMost {
		clear(k.inline) // which costs one parsing each
	}
	k.inline[c.UID] = inlineKeys{revision: c.Revision, keys: set}
	return set, nil
}

// at is what is kept for the client's jwks_uri. What has been asked for within half a
// minute is never forgotten, or it could be asked for again.
func (k *clientKeys) at(c *apps.Client) (*remoteKeys, error) {
	if k.fetch == nil {
		return nil, errors.New("jwks_uri: nothing is fetched here")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if r := k.remote[c.UID]; r != nil && r.address == c.Metadata.JWKSURI {
		return r, nil
	}
	if k.remote[c.UID] == nil && len(k.remote) >= keysKeptMost {
		for id, r := range k.remote {
			if !k.justTried(r) {
				delete(k.remote, id)
			}
		}
		if len(k.remote) >= keysKeptMost {
			return nil, errors.New("jwks_uri: too many clients' keys are asked for at once")
		}
	}
	r := &remoteKeys{address: c.Metadata.JWKSURI, turn: make(chan struct{}, 1)}
	k.remote[c.UID] = r
	return r, nil
}

func (k *clientKeys) justTried(r *remoteKeys) bool {
	at := r.tried.Load()
	return at != 0 && k.now().Sub(time.Unix(0, at)).Abs() < keysRefetch
}

// refetch fetches keys unless somebody has since seen, or it was tried just now. It
// returns what is there then, and why it is not newer.
func (k *clientKeys) refetch(ctx context.Context, r *remoteKeys, seen *fetchedKeys) (*fetchedKeys, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	have := r.have.Load()
	if have != seen {
		return have, nil
	}
	if k.justTried(r) {
		return have, r.failed
	}
	now := k.now()
	r.tried.Store(now.UnixNano())
	r.failed = errNoKeys // should the attempt not even come to an end
	fresh, err := k.get(context.WithoutCancel(ctx), r.address)
	if r.failed = err; err != nil {
		return have, err
	}
	have = &fetchedKeys{keys: fresh, at: now}
	r.have.Store(have)
	return have, nil
}

func (k *clientKeys) get(ctx context.Context, address string) (keys.ClientKeys, error) {
	text, err := k.fetch.Get(ctx, address, keysMost)
	if err != nil {
		return keys.ClientKeys{}, fmt.Errorf("jwks_uri: %w", err)
	}
	set, err := keys.ParseClientKeys(text, "")
	if err != nil {
		return keys.ClientKeys{}, fmt.Errorf("jwks_uri %w", err)
	}
	return set, nil
}
