package grants

import (
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Count counts a code that is about to be made for a user, and returns how long to wait
// before it may be; 0: go on, by Create. set is the policy it was decided by.
//
// Each code is a grant, kept for a day even if nobody uses it, and with it come most of
// the lines that a user alone can add to the audit trail: consent given, withdrawn, given
// again, codes used twice. Whoever may sign in must not fill the disk by that.
func (s Grants) Count(user storage.ID, set *policy.Settings) (wait time.Duration) {
	return s.store.People.CountDaily("code", user, set)
}

// Grant is what one user allowed one client in one authorization: facts that never
// change. Its id is the flow's, so one flow leads to one code at most.
type Grant struct {
	ID            storage.ID `cbor:"1,keyasint"`
	User          storage.ID `cbor:"2,keyasint"`
	UserEpoch     uint64     `cbor:"3,keyasint,omitempty"`
	Client        storage.ID `cbor:"4,keyasint"` // the client's UID
	ClientID      string     `cbor:"5,keyasint"`
	ClientEpoch   uint64     `cbor:"6,keyasint,omitempty"`
	Consent       storage.ID `cbor:"7,keyasint"`
	Session       storage.ID `cbor:"8,keyasint"` // the first of its line
	Scopes        []string   `cbor:"9,keyasint"`
	Claims        []byte     `cbor:"10,keyasint,omitempty"` // the claims request (OpenID Connect Core section 5.5), JSON
	Nonce         string     `cbor:"11,keyasint,omitempty"`
	AuthTime      time.Time  `cbor:"12,keyasint"`
	ACR           string     `cbor:"13,keyasint,omitempty"`
	AMR           []string   `cbor:"14,keyasint,omitempty"`
	RedirectURI   string     `cbor:"15,keyasint"`
	CodeChallenge string     `cbor:"16,keyasint,omitempty"` // S256 (RFC 7636 section 4.2)
	CodeHash      []byte     `cbor:"17,keyasint"`
	CodeExpires   time.Time  `cbor:"18,keyasint"`
	Created       time.Time  `cbor:"19,keyasint"`
	// Expires is the last moment anything made from this grant can be valid.
	Expires time.Time `cbor:"20,keyasint"`
	// Offline grants outlive their session (offline_access was consented).
	Offline bool `cbor:"21,keyasint,omitempty"`
	// RefreshSecret and RefreshKey make this grant's refresh tokens, so that each
	// generation's is always the same string; empty: it gets none.
	RefreshSecret []byte `cbor:"23,keyasint,omitempty"`
	RefreshKey    uint32 `cbor:"24,keyasint,omitempty"`
}

// GrantState is the only part of a grant that is ever rewritten.
type GrantState struct {
	Grant    storage.ID `cbor:"-"`          // its key, which is the grant's
	Redeemed time.Time  `cbor:"1,keyasint"` // zero: the code is unused
	Revoked  time.Time  `cbor:"2,keyasint"` // zero: not revoked
	// Generation is that of the refresh token now current; the first is 0.
	Generation uint32 `cbor:"3,keyasint,omitempty"`
	// Used is when a refresh token was last used up, or, where they are not
	// rotated, used: then it is written at most once an hour.
	Used time.Time `cbor:"4,keyasint,omitzero"`
	// Tokens are the ids of access tokens revoked one by one.
	Tokens [][]byte `cbor:"5,keyasint,omitempty"`
}

// Grants holds the grants.
type Grants struct{ store *Store }

func grantTable() table.Table[Grant] {
	return table.Table[Grant]{Name: "grants", Space: table.SpaceGrants, Cache: &table.Decoded[Grant]{},
		Key:   func(g *Grant) table.Key { return table.Key{}.ID(g.ID) },
		Ready: func(g *Grant, _ table.Key) { table.InUTC(&g.AuthTime, &g.CodeExpires, &g.Created, &g.Expires) }}
}

func grantStateTable() table.Table[GrantState] {
	return table.Table[GrantState]{Name: "grant states", Space: table.SpaceGrantStates,
		Cache: &table.Decoded[GrantState]{},
		Key:   func(s *GrantState) table.Key { return table.Key{}.ID(s.Grant) },
		Ready: func(s *GrantState, k table.Key) {
			copy(s.Grant[:], k)
			table.InUTC(&s.Redeemed, &s.Revoked, &s.Used)
		}}
}

// NewGrant is an authorization that was decided and is about to become a code.
type NewGrant struct {
	// Grant says ID, User, ClientID, Session, CodeHash and what was asked. Its
	// Consent names the consent that was looked at; zero: there was none. Create
	// fills in the other references and the times.
	Grant          Grant
	ClientRevision uint64 // the client's, as it was evaluated
	// Consented is the user's decision in this flow; nil: what is remembered is
	// enough.
	Consented *ConsentChange
	RequestID string
}

var errGrant = errors.New("storage: a grant needs an id and the hash of its code")

// NewID makes the id of a flow, which becomes its grant's.
func (s Grants) NewID() storage.ID { return s.store.DB.NewID() }

// Create turns a decided flow into a grant with an unused code. Everything it was
// decided upon is checked again in the same transaction. Errors: ErrFinished if
// the flow has led to a code before; ErrStale if user, session, client or consent
// changed meanwhile (evaluate again).
func (s Grants) Create(ctx context.Context, n NewGrant) (*Grant, error) {
	if n.Grant.ID.IsZero() || len(n.Grant.CodeHash) == 0 {
		return nil, errGrant
	}
	fresh, now := s.store.DB.NewID(), s.store.DB.Instant()
	by := storage.Actor{User: n.Grant.User, Via: storage.ViaOP, RequestID: n.RequestID}
	note, capped := s.store.Trail.Note(by, audit.ActConsentGiven), s.store.Trail.Note(by, audit.ActGrantRevoked)
	return table.Update(ctx, s.store.DB, func(tx kv.Txn) (*Grant, error) {
		g := n.Grant
		if old, err := s.store.Grants.Get(tx, table.Key{}.ID(g.ID)); err != nil || old != nil {
			return nil, storage.ErrOr(err, storage.ErrFinished)
		}
		set, c, err := s.store.stillDecided(tx, &g, n.ClientRevision, now)
		if err != nil {
			return nil, err
		}
		if n.Consented != nil {
			v := Consent{ID: fresh, User: g.User, Client: c.UID, ClientID: c.ID, Created: now, Updated: now,
				Revision: c.Revision}
			if g.Consent, err = s.store.applyDecision(tx, v, *n.Consented, note); err != nil {
				return nil, err
			}
		}
		if g.Consent.IsZero() {
			return nil, storage.ErrStale // neither asked now nor remembered
		}
		life := c.Lifetimes(set.Lifetimes)
		g.Date(life, now)
		if err := s.store.People.Touch(tx, n.Grant.Session, now.Truncate(time.Hour)); err != nil {
			return nil, err
		}
		if g.Offline {
			if err := s.store.capOffline(tx, &g, set.OfflineGrants, life, now, capped); err != nil {
				return nil, err
			}
		}
		if err := s.store.Grants.Put(tx, &g); err != nil {
			return nil, err
		}
		return &g, s.store.GrantStates.Put(tx, &GrantState{Grant: g.ID})
	})
}

func (g *Grant) Date(l policy.Lifetimes, now time.Time) {
	g.Created = now
	g.CodeExpires = now.Add(policy.Seconds(l.Code))
	life := policy.Seconds(l.Code)
	if g.refreshable() {
		life += policy.Seconds(l.RefreshAbsolute)
	}
	g.Expires = now.Add(life + max(policy.Seconds(l.AccessToken), policy.Seconds(l.IDToken)))
}

// stillDecided checks that user, session and client are what the flow was decided
// upon, and writes the references that later uses are checked against.
func (s *Store) stillDecided(tx kv.Txn, g *Grant, revision uint64, now time.Time) (*policy.Settings, *apps.Client,
	error) {
	set, err := s.Policy.SettingsIn(tx)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Apps.Clients.Shared(tx, table.Key{}.Str(g.ClientID))
	if err != nil {
		return nil, nil, err
	}
	if c == nil || !c.Live() || c.Revision != revision {
		return nil, nil, storage.ErrStale
	}
	live, err := s.People.SignedIn(tx, []storage.ID{g.Session}, set.Lifetimes, now)
	if err != nil {
		return nil, nil, err
	}
	if len(live) == 0 || live[0].User.ID != g.User {
		return nil, nil, storage.ErrStale
	}
	v := live[0]
	g.Client, g.ClientEpoch, g.UserEpoch = c.UID, c.Epoch, v.User.Epoch
	g.Session = v.Session.Line()
	g.AuthTime, g.ACR, g.AMR = v.Session.AuthTime, v.Session.ACR, slices.Clone(v.Session.AMR)
	return set, c, s.sameConsent(tx, g)
}

// sameConsent refuses if the consent that was looked at, or that there was none, is
// no longer so. Consent only widens under one id: what it covered it still covers.
func (s *Store) sameConsent(tx kv.Txn, g *Grant) error {
	v, err := s.Consents.Shared(tx, ConsentKey(g.User, g.Client))
	if err != nil {
		return err
	}
	var have storage.ID
	if v != nil {
		have = v.ID
	}
	if have != g.Consent {
		return storage.ErrStale
	}
	return nil
}

func (s *Store) SweepGrants(tx kv.Txn, after []byte, before time.Time) (table.Swept, error) {
	return table.Sweep(tx, &s.Grants, after, func(g *Grant) (bool, error) {
		over, err := s.grantOver(tx, g, before)
		if err != nil || !over {
			return false, err
		}
		return true, s.GrantStates.Delete(tx, table.Key{}.ID(g.ID))
	})
}

// grantOver: past its end, or its refresh token went unused too long and so nothing
// of it can be valid any more.
func (s *Store) grantOver(tx kv.Txn, g *Grant, before time.Time) (bool, error) {
	if !before.Before(g.Expires) || !g.refreshable() {
		return !before.Before(g.Expires), nil
	}
	set, err := s.Policy.SettingsIn(tx)
	if err != nil {
		return false, err
	}
	state, err := s.GrantStates.Get(tx, table.Key{}.ID(g.ID))
	if err != nil || state == nil {
		return err == nil, err
	}
	if state.Redeemed.IsZero() {
		return !before.Before(g.CodeExpires), nil
	}
	c, err := s.Apps.Clients.Shared(tx, table.Key{}.Str(g.ClientID))
	if err != nil || c == nil || c.UID != g.Client {
		return err == nil, err // the client is gone, and all of it with it
	}
	if !g.Offline {
		if v, err := s.People.Sessions.Shared(tx, table.Key{}.ID(g.Session)); err != nil || v == nil {
			return err == nil, err // it ended with its session, whose record was swept
		}
	}
	if !set.UnchangedSince(before) || before.Before(c.Updated) {
		return false, nil
	}
	return state.isIdle(c.Lifetimes(set.Lifetimes), before), nil
}
