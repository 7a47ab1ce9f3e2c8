package grants

import (
	"context"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Consent is what a user allows a client, over all its authorizations. Widening it
// keeps its id; withdrawing removes it, and with it the life of every grant made
// under that id.
type Consent struct {
	ID       storage.ID `cbor:"1,keyasint"`
	User     storage.ID `cbor:"2,keyasint"`
	Client   storage.ID `cbor:"3,keyasint"` // the client's UID
	ClientID string     `cbor:"4,keyasint"`
	Scopes   []string   `cbor:"5,keyasint"`
	Declined []string   `cbor:"6,keyasint,omitempty"` // optional scopes the user left unticked
	Claims   []string   `cbor:"7,keyasint,omitempty"` // claims asked for one by one
	Created  time.Time  `cbor:"8,keyasint"`
	Updated  time.Time  `cbor:"9,keyasint"`
	// Revision is the client's when the user last saw what they allowed.
	Revision uint64 `cbor:"10,keyasint,omitempty"`
	// Implied says that some of it was never shown to the user: the client is the
	// platform's own and asks nobody. It counts only while that is so: see Counts.
	Implied bool `cbor:"12,keyasint,omitempty"`
}

// Counts reports whether the consent allows its client anything now. What was implied
// does so only while the client asks nobody: once it does, a user who has not been asked
// yet, or says no, has allowed nothing, and grants made under it give nothing.
func (c *Consent) Counts(client *apps.Client) bool { return !c.Implied || client.SkipsConsent() }

// Consents holds what users allow.
type Consents struct{ store *Store }

func consentTable() table.Table[Consent] {
	return table.Table[Consent]{Name: "consents", Space: table.SpaceConsents, Cache: &table.Decoded[Consent]{},
		Key:   func(c *Consent) table.Key { return ConsentKey(c.User, c.Client) },
		Ready: func(c *Consent, _ table.Key) { table.InUTC(&c.Created, &c.Updated) }}
}

func ConsentKey(user, client storage.ID) table.Key { return table.Key{}.ID(user).ID(client) }

// ConsentChange is a user's decision on a consent page.
type ConsentChange struct {
	Scopes   []string
	Declined []string
	Claims   []string
	Implied  bool // nobody was asked
}

// applyDecision applies a decision and returns the id that grants rest on: that of the
// consent there is, which is widened, or v's, a fresh one's. What was allowed
// before and is not spoken of now stays allowed; what is declined now is taken back,
// for its box was shown ticked, and with a scope the claims that it gives, however they
// were allowed; what is allowed now is no longer declined. What was only implied ends
// with the first decision of the user's own.
func (s *Store) applyDecision(tx kv.Txn, v Consent, d ConsentChange, note audit.Event) (storage.ID, error) {
	have, err := s.Consents.Get(tx, ConsentKey(v.User, v.Client))
	if err != nil {
		return storage.ID{}, err
	}
	if have != nil {
		v.ID, v.Created = have.ID, have.Created
		if !have.Implied || d.Implied {
			v.Scopes, v.Declined, v.Claims = have.Scopes, have.Declined, have.Claims
		}
	}
	if v.Claims, err = s.claimsAllowed(tx, v, d); err != nil {
		return storage.ID{}, err
	}
	v.Implied = d.Implied
	v.Scopes = difference(union(v.Scopes, d.Scopes), d.Declined)
	v.Declined = difference(union(v.Declined, d.Declined), d.Scopes)
	if err := s.Consents.Put(tx, &v); err != nil {
		return storage.ID{}, err
	}
	detail := ""
	if d.Implied {
		detail = "implied: the client is the platform's own"
	}
	return v.ID, s.Trail.Audit.Put(tx, note.About(v.User, v.ClientID, detail))
}

// claimsAllowed are the claims allowed one by one when d is decided on what had says.
// Where nobody is asked, what the user has declined stays declined.
func (s *Store) claimsAllowed(r kv.Reader, had Consent, d ConsentChange) ([]string, error) {
	if d.Implied {
		declined, err := s.claimsOf(r, had.Declined)
		return union(had.Claims, difference(slices.Clone(d.Claims), declined)), err
	}
	declined, err := s.claimsOf(r, d.Declined)
	return union(difference(had.Claims, declined), d.Claims), err
}

// claimsOf are the claims that scopes give.
func (s *Store) claimsOf(r kv.Reader, scopes []string) (claims []string, err error) {
	for _, name := range scopes {
		sc, err := s.Apps.Scopes.Shared(r, table.Key{}.Str(name))
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

// difference leaves out of all what is in some.
func difference(all, some []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })
}

// Withdraw removes a user's consent for a client: the client's grants for that
// user are dead at the very next call. ErrNotFound if there is none.
func (s Consents) Withdraw(ctx context.Context, by storage.Actor, user storage.ID, clientID string) error {
	if err := by.MayTouch(user); err != nil {
		return err
	}
	note := s.store.Trail.Note(by, audit.ActConsentWithdraw)
	_, err := table.Update(ctx, s.store.DB, func(tx kv.Txn) (struct{}, error) {
		c, err := storage.Found(s.store.Apps.Clients.Get(tx, table.Key{}.Str(clientID)))
		if err != nil {
			return struct{}{}, err
		}
		v, err := storage.Found(s.store.Consents.Get(tx, ConsentKey(user, c.UID)))
		if err != nil {
			return struct{}{}, err
		}
		if err := s.store.Consents.Delete(tx, ConsentKey(user, v.Client)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.store.Trail.Audit.Put(tx, note.About(user, clientID, ""))
	})
	return err
}

// Connected is an app that a user allows something. Both are shared: not to be
// changed.
type Connected struct {
	Consent *Consent
	Client  *apps.Client
}

// OfUser returns the apps a user allows something, as many as limit, in the order
// they were registered. Clients that are gone are left out, and consents that do not
// count.
func (s Consents) OfUser(ctx context.Context, user storage.ID, limit int) ([]Connected, error) {
	return table.View(ctx, s.store.DB, func(r kv.Reader) ([]Connected, error) {
		p, err := s.store.Consents.Scan(r, table.Key{}.ID(user), nil, limit, false)
		if err != nil {
			return nil, err
		}
		var out []Connected
		for _, v := range p.Items {
			c, err := s.store.Apps.Clients.Shared(r, table.Key{}.Str(v.ClientID))
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

// SweepConsents deletes those whose user or client is gone.
func (s *Store) SweepConsents(tx kv.Txn, after []byte, _ time.Time) (table.Swept, error) {
	return table.Sweep(tx, &s.Consents, after, func(v *Consent) (bool, error) {
		u, err := s.People.Users.Shared(tx, table.Key{}.ID(v.User))
		if err != nil || u == nil {
			return true, err
		}
		c, err := s.Apps.Clients.Shared(tx, table.Key{}.Str(v.ClientID))
		return c == nil || c.UID != v.Client, err
	})
}
