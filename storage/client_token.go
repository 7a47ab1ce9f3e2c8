package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// denied is an access token of a client's own that was revoked before its end. Its
// key begins with its expiry, which is its index for sweeping.
type denied struct {
	Expires time.Time `cbor:"1,keyasint"`
	Token   []byte    `cbor:"2,keyasint"`
}

func deniedTable() table[denied] {
	return table[denied]{name: "denied tokens", space: spaceDenied,
		key:   func(d *denied) key { return deniedKey(d.Expires, d.Token) },
		ready: func(d *denied, _ key) { inUTC(&d.Expires) }}
}

func deniedKey(expires time.Time, token []byte) key {
	return key{}.u64(uint64(max(expires.Unix(), 0))).str(string(token))
}

// ClientToken names an access token that a client got for itself (RFC 6749 section
// 4.4): its parent is the client.
type ClientToken struct {
	ClientID string
	Epoch    uint64
	Expires  time.Time
	Token    []byte // its id
}

// OfToken returns the client an access token of its own belongs to, or a Dead error.
// The result is shared: not to be changed.
func (s Clients) OfToken(ctx context.Context, t ClientToken) (*Client, error) {
	now := s.b.instant()
	return view(ctx, s.b, func(r kv.Reader) (*Client, error) { return s.b.clientOfToken(r, t, now) })
}

func (b *base) clientOfToken(r kv.Reader, t ClientToken, now time.Time) (*Client, error) {
	c, err := b.clients.shared(r, key{}.str(t.ClientID))
	if err != nil {
		return nil, err
	}
	_, revoked, err := r.Get(b.denied.full(deniedKey(t.Expires, t.Token)))
	switch {
	case err != nil:
		return nil, err
	case c == nil || !c.Live() || c.Epoch != t.Epoch:
		return nil, DeadClient
	case revoked:
		return nil, DeadToken
	case !now.Before(t.Expires):
		return nil, DeadExpired
	}
	return c, nil
}

// ClientAccess is what an access token of a client's own gives now. Everything in it
// may be shared: not to be changed.
type ClientAccess struct {
	Client    *Client
	Effective Offers // of the token's scopes, those that are allowed and offered
}

// OwnAccess returns what an access token of a client's own, made for these scopes,
// gives now, or a Dead error.
func (s Clients) OwnAccess(ctx context.Context, t ClientToken, scopes []string) (*ClientAccess, error) {
	now := s.b.instant()
	return view(ctx, s.b, func(r kv.Reader) (*ClientAccess, error) {
		c, err := s.b.clientOfToken(r, t, now)
		if err != nil {
			return nil, err
		}
		all, err := s.b.catalogueIn(r)
		if err != nil {
			return nil, err
		}
		a := &ClientAccess{Client: c}
		for _, name := range scopes {
			if offer := all.Offer(name); offer != nil && c.MayOwn(offer.Scope) {
				a.Effective = append(a.Effective, offer)
			}
		}
		if len(scopes) > 0 && len(a.Effective) == 0 {
			return nil, DeadScopes
		}
		return a, nil
	})
}

// RevokeToken ends one access token that a client got for itself. a is by what the
// client authenticated; false: it was used before.
func (s Clients) RevokeToken(ctx context.Context, t ClientToken, a Assertion) (fresh bool, err error) {
	return update(ctx, s.b, func(tx kv.Txn) (bool, error) {
		if fresh, err := s.b.useAssertion(tx, a); err != nil || !fresh {
			return false, err
		}
		return true, s.b.denied.put(tx, &denied{Expires: t.Expires, Token: t.Token})
	})
}
