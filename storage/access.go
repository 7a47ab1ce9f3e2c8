package storage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// Access is what a grant gives at this very moment, with all it was decided from.
// Everything in it may be shared: not to be changed.
type Access struct {
	Grant      *Grant
	State      GrantState
	User       *User
	Client     *Client
	Consent    *Consent
	Membership *Membership // nil: none, or the scope was not granted
	granted    Offers
	Groups     []string // sorted; nil: the scope was not granted
	// Effective is what is in force: granted, still consented, still allowed to the
	// client, one that it may have, and on offer. In the grant's order.
	Effective Offers
	// Scopes are the names of what is effective.
	Scopes []string
	// Claims are the claims that the effective scopes give.
	Claims []string
	// Lifetimes in force, in seconds.
	Lifetimes Lifetimes
	// DefaultAlgorithm is the one that signs for clients that have registered none.
	DefaultAlgorithm string
	// IDTokenUserClaims says whether Claims are in ID tokens too.
	IDTokenUserClaims bool
}

// Dead says why a grant gives nothing. It is for the log: a caller is told that the
// token or code is not valid, and of its end by time alone that it was that.
type Dead string

func (d Dead) Error() string { return "the grant is dead: " + string(d) }

// Why a grant is dead.
const (
	DeadUnknown   Dead = "no such grant"
	DeadRevoked   Dead = "revoked"
	DeadExpired   Dead = "expired"
	DeadUser      Dead = "user disabled, deleted or signed out everywhere"
	DeadClient    Dead = "client suspended, unapproved or deleted"
	DeadGroup     Dead = "user in none of the groups the client is open to"
	DeadConsent   Dead = "consent withdrawn, or implied for a client that asks now"
	DeadSession   Dead = "session ended"
	DeadNotIssued Dead = "its code is not redeemed"
	DeadScopes    Dead = "none of its scopes is allowed any more"
	DeadIdle      Dead = "its refresh token went unused too long"
	DeadToken     Dead = "this token is revoked"
)

// Access returns what a grant gives now, or a Dead error. It is one snapshot and
// writes nothing.
// token is the id of the access token it is asked for; nil: none in particular.
func (s Grants) Access(ctx context.Context, id ID, token []byte) (*Access, error) {
	now := s.b.instant()
	return view(ctx, s.b, func(r kv.Reader) (*Access, error) {
		a, err := s.b.access(r, id, now)
		if err != nil {
			return nil, err
		}
		if a.State.Redeemed.IsZero() {
			return nil, DeadNotIssued
		}
		if a.State.revokedToken(token) {
			return nil, DeadToken
		}
		return a, nil
	})
}

// access decides whether a grant is alive and what it gives.
func (b *base) access(r kv.Reader, id ID, now time.Time) (*Access, error) {
	g, state, err := b.grantAndState(r, id)
	if err != nil {
		return nil, err
	}
	return b.accessBy(r, g, state, now)
}

// grantAndState returns nil for what is not there. Both are shared: not to be changed.
func (b *base) grantAndState(r kv.Reader, id ID) (*Grant, *GrantState, error) {
	k := key{}.id(id)
	r.Prefetch(b.grants.full(k), b.grantStates.full(k))
	g, err := b.grants.shared(r, k)
	if err != nil {
		return nil, nil, err
	}
	state, err := b.grantStates.shared(r, k)
	return g, state, err
}

// accessBy is access by a grant and a state that were read.
func (b *base) accessBy(r kv.Reader, g *Grant, state *GrantState, now time.Time) (*Access, error) {
	switch {
	case g == nil || state == nil:
		return nil, DeadUnknown
	case !state.Revoked.IsZero():
		return nil, DeadRevoked
	case !now.Before(g.Expires):
		return nil, DeadExpired
	}
	a := &Access{Grant: g, State: *state}
	for _, check := range []func(kv.Reader, *Access, time.Time) error{
		b.checkUser, b.checkClientLive, b.checkGroups, b.checkConsent, b.checkSession, b.effective, b.readGroups,
	} {
		if err := check(r, a, now); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (b *base) checkUser(r kv.Reader, a *Access, _ time.Time) (err error) {
	if a.User, err = b.users.shared(r, key{}.id(a.Grant.User)); err != nil {
		return err
	}
	if a.User == nil || a.User.Disabled || a.User.Epoch != a.Grant.UserEpoch {
		return DeadUser
	}
	return nil
}

func (b *base) checkClientLive(r kv.Reader, a *Access, _ time.Time) (err error) {
	if a.Client, err = b.clients.shared(r, key{}.str(a.Grant.ClientID)); err != nil {
		return err
	}
	if a.Client == nil || a.Client.UID != a.Grant.Client || !a.Client.Live() || a.Client.Epoch != a.Grant.ClientEpoch {
		return DeadClient
	}
	return nil
}

func (b *base) checkConsent(r kv.Reader, a *Access, _ time.Time) (err error) {
	if a.Consent, err = b.consents.shared(r, consentKey(a.Grant.User, a.Grant.Client)); err != nil {
		return err
	}
	if a.Consent == nil || a.Consent.ID != a.Grant.Consent || !a.Consent.Counts(a.Client) {
		return DeadConsent
	}
	return nil
}

func (b *base) checkSession(r kv.Reader, a *Access, now time.Time) error {
	set, err := b.settingsIn(r)
	if err != nil {
		return err
	}
	a.Lifetimes, a.DefaultAlgorithm = a.Client.Lifetimes(set.Lifetimes), set.DefaultSigningAlgorithm
	a.IDTokenUserClaims = *cmp.Or(a.Client.Metadata.IDTokenUserClaims, set.IDTokenUserClaims)
	if a.Grant.Offline {
		return nil
	}
	v, err := b.sessions.shared(r, key{}.id(a.Grant.Session))
	if err != nil {
		return err
	}
	if v != nil && !v.Latest.IsZero() && !v.past(set.Lifetimes, now) {
		if v, err = b.sessions.shared(r, key{}.id(v.Latest)); err != nil {
			return err
		}
	}
	if v == nil || v.over(set.Lifetimes, now) {
		return DeadSession
	}
	return nil
}

// Narrow leaves of the effective scopes those that keep says.
func (a *Access) Narrow(keep func(scope string) bool) {
	a.narrowTo(a.granted.that(func(o *Offer) bool { return keep(o.Name) }))
}

func (a *Access) narrowTo(some Offers) {
	a.Effective, a.Scopes, a.Claims = some, some.Names(), some.claims()
}

// effective computes the scopes in force and the claims they give.
func (b *base) effective(r kv.Reader, a *Access, _ time.Time) error {
	all, err := b.catalogueIn(r)
	if err != nil {
		return err
	}
	a.granted = make(Offers, 0, len(a.Grant.Scopes))
	for _, name := range a.Grant.Scopes {
		if !slices.Contains(a.Consent.Scopes, name) {
			continue
		}
		offer := all.Offer(name)
		if offer != nil && a.Client.MayAsk(offer.Scope) {
			a.granted = append(a.granted, offer)
		}
	}
	if len(a.granted) == 0 {
		return DeadScopes
	}
	a.narrowTo(a.granted)
	if !slices.Contains(a.Claims, "patreon") {
		return nil
	}
	a.Membership, err = b.memberships.get(r, key{}.id(a.Grant.User))
	return err
}
