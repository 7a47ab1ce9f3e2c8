package apps

import (
	"context"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Denied is an access token of a client's own that was revoked before its end. Its
// key begins with its expiry, which is its index for sweeping.
type Denied struct {
	Expires time.Time `cbor:"1,keyasint"`
	Token   []byte    `cbor:"2,keyasint"`
}

func deniedTable() table.Table[Denied] {
	return table.Table[Denied]{Name: "denied tokens", Space: table.SpaceDenied,
		Key:   func(d *Denied) table.Key { return deniedKey(d.Expires, d.Token) },
		Ready: func(d *Denied, _ table.Key) { table.InUTC(&d.Expires) }}
}

func deniedKey(expires time.Time, token []byte) table.Key {
	return table.Key{}.U64(uint64(max(expires.Unix(), 0))).Str(string(token))
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
	now := s.apps.DB.Instant()
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (*Client, error) { return s.apps.clientOfToken(r, t, now) })
}

func (a *Apps) clientOfToken(r kv.Reader, t ClientToken, now time.Time) (*Client, error) {
	c, err := a.Clients.Shared(r, table.Key{}.Str(t.ClientID))
	if err != nil {
		return nil, err
	}
	_, revoked, err := r.Get(a.Denied.FullKey(deniedKey(t.Expires, t.Token)))
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
	now := s.apps.DB.Instant()
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (*ClientAccess, error) {
		c, err := s.apps.clientOfToken(r, t, now)
		if err != nil {
			return nil, err
		}
		all, err := s.apps.CatalogueIn(r)
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
	return table.Update(ctx, s.apps.DB, func(tx kv.Txn) (bool, error) {
		if fresh, err := s.apps.UseAssertion(tx, a); err != nil || !fresh {
			return false, err
		}
		return true, s.apps.Denied.Put(tx, &Denied{Expires: t.Expires, Token: t.Token})
	})
}

func (a *Apps) SweepDenied(tx kv.Txn, after []byte, before time.Time) (table.Swept, error) {
	return table.SweepFront(tx, &a.Denied, after, func(d *Denied) bool { return d.Expires.Before(before) })
}
