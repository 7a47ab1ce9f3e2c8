package storage

import (
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// Grant is what one user allowed one client in one authorization: facts that never
// change. Its id is the flow's, so one flow leads to one code at most.
type Grant struct {
	ID            ID        `cbor:"1,keyasint"`
	User          ID        `cbor:"2,keyasint"`
	UserEpoch     uint64    `cbor:"3,keyasint,omitempty"`
	Client        ID        `cbor:"4,keyasint"` // the client's UID
	ClientID      string    `cbor:"5,keyasint"`
	ClientEpoch   uint64    `cbor:"6,keyasint,omitempty"`
	Consent       ID        `cbor:"7,keyasint"`
	Session       ID        `cbor:"8,keyasint"` // the first of its line
	Scopes        []string  `cbor:"9,keyasint"`
	Claims        []byte    `cbor:"10,keyasint,omitempty"` // the claims request (OpenID Connect Core section 5.5), JSON
	Nonce         string    `cbor:"11,keyasint,omitempty"`
	AuthTime      time.Time `cbor:"12,keyasint"`
	ACR           string    `cbor:"13,keyasint,omitempty"`
	AMR           []string  `cbor:"14,keyasint,omitempty"`
	RedirectURI   string    `cbor:"15,keyasint"`
	CodeChallenge string    `cbor:"16,keyasint,omitempty"` // S256 (RFC 7636 section 4.2)
	CodeHash      []byte    `cbor:"17,keyasint"`
	CodeExpires   time.Time `cbor:"18,keyasint"`
	Created       time.Time `cbor:"19,keyasint"`
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
	Grant    ID        `cbor:"-"`          // its key, which is the grant's
	Redeemed time.Time `cbor:"1,keyasint"` // zero: the code is unused
	Revoked  time.Time `cbor:"2,keyasint"` // zero: not revoked
	// Generation is that of the refresh token now current; the first is 0.
	Generation uint32 `cbor:"3,keyasint,omitempty"`
	// Used is when a refresh token was last used up, or, where they are not
	// rotated, used: then it is written at most once an hour.
	Used time.Time `cbor:"4,keyasint,omitzero"`
	// Tokens are the ids of access tokens revoked one by one.
	Tokens [][]byte `cbor:"5,keyasint,omitempty"`
}

// Grants holds the grants.
type Grants struct{ b *base }

func grantTable() table[Grant] {
	return table[Grant]{name: "grants", space: spaceGrants, cache: &decoded[Grant]{}, key: func(g *Grant) key { return key{}.id(g.ID) },
		ready: func(g *Grant, _ key) { inUTC(&g.AuthTime, &g.CodeExpires, &g.Created, &g.Expires) }}
}

func grantStateTable() table[GrantState] {
	return table[GrantState]{name: "grant states", space: spaceGrantStates, cache: &decoded[GrantState]{},
		key: func(s *GrantState) key { return key{}.id(s.Grant) },
		ready: func(s *GrantState, k key) {
			copy(s.Grant[:], k)
			inUTC(&s.Redeemed, &s.Revoked, &s.Used)
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
func (s Grants) NewID() ID { return s.b.newID() }

// Create turns a decided flow into a grant with an unused code. Everything it was
// decided upon is checked again in the same transaction. Errors: ErrFinished if
// the flow has led to a code before; ErrStale if user, session, client or consent
// changed meanwhile (evaluate again).
func (s Grants) Create(ctx context.Context, n NewGrant) (*Grant, error) {
	if n.Grant.ID.IsZero() || len(n.Grant.CodeHash) == 0 {
		return nil, errGrant
	}
	fresh, now := s.b.newID(), s.b.instant()
	by := Actor{User: n.Grant.User, Via: ViaOP, RequestID: n.RequestID}
	note, capped := s.b.note(by, ActConsentGiven), s.b.note(by, ActGrantRevoked)
	return update(ctx, s.b, func(tx kv.Txn) (*Grant, error) {
		g := n.Grant
		if old, err := s.b.grants.get(tx, key{}.id(g.ID)); err != nil || old != nil {
			return nil, errOr(err, ErrFinished)
		}
		set, c, err := s.b.stillDecided(tx, &g, n.ClientRevision, now)
		if err != nil {
			return nil, err
		}
		if n.Consented != nil {
			v := Consent{ID: fresh, User: g.User, Client: c.UID, ClientID: c.ID, Created: now, Updated: now, Revision: c.Revision}
			if g.Consent, err = s.b.consented(tx, v, *n.Consented, note); err != nil {
				return nil, err
			}
		}
		if g.Consent.IsZero() {
			return nil, ErrStale // neither asked now nor remembered
		}
		life := c.Lifetimes(set.Lifetimes)
		g.date(life, now)
		if err := s.b.touch(tx, n.Grant.Session, now.Truncate(time.Hour)); err != nil {
			return nil, err
		}
		if g.Offline {
			if err := s.b.capOffline(tx, &g, set.OfflineGrants, life, now, capped); err != nil {
				return nil, err
			}
		}
		if err := s.b.grants.put(tx, &g); err != nil {
			return nil, err
		}
		return &g, s.b.grantStates.put(tx, &GrantState{Grant: g.ID})
	})
}

func (g *Grant) date(l Lifetimes, now time.Time) {
	g.Created = now
	g.CodeExpires = now.Add(Seconds(l.Code))
	life := Seconds(l.Code)
	if g.refreshable() {
		life += Seconds(l.RefreshAbsolute)
	}
	g.Expires = now.Add(life + max(Seconds(l.AccessToken), Seconds(l.IDToken)))
}

// stillDecided checks that user, session and client are what the flow was decided
// upon, and writes the references that later uses are checked against.
func (b *base) stillDecided(tx kv.Txn, g *Grant, revision uint64, now time.Time) (*Settings, *Client, error) {
	set, err := b.settingsIn(tx)
	if err != nil {
		return nil, nil, err
	}
	c, err := b.clients.shared(tx, key{}.str(g.ClientID))
	if err != nil {
		return nil, nil, err
	}
	if c == nil || !c.Live() || c.Revision != revision {
		return nil, nil, ErrStale
	}
	live, err := b.signedIn(tx, []ID{g.Session}, set.Lifetimes, now)
	if err != nil {
		return nil, nil, err
	}
	if len(live) == 0 || live[0].User.ID != g.User {
		return nil, nil, ErrStale
	}
	v := live[0]
	g.Client, g.ClientEpoch, g.UserEpoch = c.UID, c.Epoch, v.User.Epoch
	g.Session = v.Session.Line()
	g.AuthTime, g.ACR, g.AMR = v.Session.AuthTime, v.Session.ACR, slices.Clone(v.Session.AMR)
	return set, c, b.sameConsent(tx, g)
}

// sameConsent refuses if the consent that was looked at, or that there was none, is
// no longer so. Consent only widens under one id: what it covered it still covers.
func (b *base) sameConsent(tx kv.Txn, g *Grant) error {
	v, err := b.consents.shared(tx, consentKey(g.User, g.Client))
	if err != nil {
		return err
	}
	var have ID
	if v != nil {
		have = v.ID
	}
	if have != g.Consent {
		return ErrStale
	}
	return nil
}
