package storage

import (
	"context"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// Consent is what a user allows a client, over all its authorizations. Widening it
// keeps its id; withdrawing removes it, and with it the life of every grant made
// under that id.
type Consent struct {
	ID       ID        `cbor:"1,keyasint"`
	User     ID        `cbor:"2,keyasint"`
	Client   ID        `cbor:"3,keyasint"` // the client's UID
	ClientID string    `cbor:"4,keyasint"`
	Scopes   []string  `cbor:"5,keyasint"`
	Declined []string  `cbor:"6,keyasint,omitempty"` // optional scopes the user left unticked
	Claims   []string  `cbor:"7,keyasint,omitempty"` // claims asked for one by one
	Created  time.Time `cbor:"8,keyasint"`
	Updated  time.Time `cbor:"9,keyasint"`
	// Revision is the client's when the user last saw what they allowed.
	Revision uint64 `cbor:"10,keyasint,omitempty"`
	// Implied says that some of it was never shown to the user: the client is the
	// platform's own and asks nobody. It counts only while that is so: see Counts.
	Implied bool `cbor:"12,keyasint,omitempty"`
}

// Counts reports whether the consent allows its client anything now. What was implied
// does so only while the client asks nobody: once it does, a user who has not been asked
// yet, or says no, has allowed nothing, and grants made under it give nothing.
func (c *Consent) Counts(client *Client) bool { return !c.Implied || client.SkipsConsent() }

// Consents holds what users allow.
type Consents struct{ b *base }

func consentTable() table[Consent] {
	return table[Consent]{name: "consents", space: spaceConsents, cache: &decoded[Consent]{},
		key:   func(c *Consent) key { return consentKey(c.User, c.Client) },
		ready: func(c *Consent, _ key) { inUTC(&c.Created, &c.Updated) }}
}

func consentKey(user, client ID) key { return key{}.id(user).id(client) }

// ConsentChange is a user's decision on a consent page.
type ConsentChange struct {
	Scopes   []string
	Declined []string
	Claims   []string
	Implied  bool // nobody was asked
}

// consented applies a decision and returns the id that grants rest on: that of the
// consent there is, which is widened, or v's, a fresh one's. What was allowed
// before and is not spoken of now stays allowed; what is declined now is taken back,
// for its box was shown ticked, and with a scope the claims that it gives, however they
// were allowed; what is allowed now is no longer declined. What was only implied ends
// with the first decision of the user's own.
func (b *base) consented(tx kv.Txn, v Consent, d ConsentChange, note Event) (ID, error) {
	have, err := b.consents.get(tx, consentKey(v.User, v.Client))
	if err != nil {
		return ID{}, err
	}
	if have != nil {
		v.ID, v.Created = have.ID, have.Created
		if !have.Implied || d.Implied {
			v.Scopes, v.Declined, v.Claims = have.Scopes, have.Declined, have.Claims
		}
	}
	if v.Claims, err = b.claimsAllowed(tx, v, d); err != nil {
		return ID{}, err
	}
	v.Implied = d.Implied
	v.Scopes = without(union(v.Scopes, d.Scopes), d.Declined)
	v.Declined = without(union(v.Declined, d.Declined), d.Scopes)
	if err := b.consents.put(tx, &v); err != nil {
		return ID{}, err
	}
	detail := ""
	if d.Implied {
		detail = "implied: the client is the platform's own"
	}
	return v.ID, b.audit.put(tx, note.about(v.User, v.ClientID, detail))
}

// claimsAllowed are the claims allowed one by one when d is decided on what had says.
// Where nobody is asked, what the user has declined stays declined.
func (b *base) claimsAllowed(r kv.Reader, had Consent, d ConsentChange) ([]string, error) {
	if d.Implied {
		declined, err := b.claimsOf(r, had.Declined)
		return union(had.Claims, without(slices.Clone(d.Claims), declined)), err
	}
	declined, err := b.claimsOf(r, d.Declined)
	return union(without(had.Claims, declined), d.Claims), err
}

// claimsOf are the claims that scopes give.
func (b *base) claimsOf(r kv.Reader, scopes []string) (claims []string, err error) {
	for _, name := range scopes {
		sc, err := b.scopes.shared(r, key{}.str(name))
		if err != nil {
			return nil, err
		}
		if sc != nil {
			claims = append(claims, sc.Claims...)
		}
	}
	return claims, nil
}

// union is the sorted union of two sets of words.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// without leaves out of all what is in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })
}

// Withdraw removes a user's consent for a client: the client's grants for that
// user are dead at the very next call. ErrNotFound if there is none.
func (s Consents) Withdraw(ctx context.Context, by Actor, user ID, clientID string) error {
	if err := by.mayTouch(user); err != nil {
		return err
	}
	note := s.b.note(by, ActConsentWithdraw)
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		c, err := found(s.b.clients.get(tx, key{}.str(clientID)))
		if err != nil {
			return struct{}{}, err
		}
		v, err := found(s.b.consents.get(tx, consentKey(user, c.UID)))
		if err != nil {
			return struct{}{}, err
		}
		if err := s.b.consents.delete(tx, consentKey(user, v.Client)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.b.audit.put(tx, note.about(user, clientID, ""))
	})
	return err
}

// Connected is an app that a user allows something. Both are shared: not to be
// changed.
type Connected struct {
	Consent *Consent
	Client  *Client
}

// OfUser returns the apps a user allows something, as many as limit, in the order
// they were registered. Clients that are gone are left out, and consents that do not
// count.
func (s Consents) OfUser(ctx context.Context, user ID, limit int) ([]Connected, error) {
	return view(ctx, s.b, func(r kv.Reader) ([]Connected, error) {
		p, err := s.b.consents.scan(r, key{}.id(user), nil, limit, false)
		if err != nil {
			return nil, err
		}
		var out []Connected
		for _, v := range p.items {
			c, err := s.b.clients.shared(r, key{}.str(v.ClientID))
			if err != nil {
				return nil, err
			}
			if c != nil && c.UID == v.Client && v.Counts(c) {
				out = append(out, Connected{Consent: v, Client: c})
			}
		}
		return out, nil
	})
}
