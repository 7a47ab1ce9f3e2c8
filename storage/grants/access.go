package grants

import (
	"cmp"
	"context"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Access is what a grant gives at this very moment, with all it was decided from.
// Everything in it may be shared: not to be changed.
type Access struct {
	Grant      *Grant
	State      GrantState
	User       *people.User
	Client     *apps.Client
	Consent    *Consent
	Membership *people.Membership // nil: none, or the scope was not granted
	granted    apps.Offers
	Groups     []string // sorted; nil: the scope was not granted
	// Effective is what is in force: granted, still consented, still allowed to the
	// client, one that it may have, and on offer. In the grant's order.
	Effective apps.Offers
	// Scopes are the names of what is effective.
	Scopes []string
	// Claims are the claims that the effective scopes give.
	Claims []string
	// Lifetimes in force, in seconds.
	Lifetimes policy.Lifetimes
	// DefaultAlgorithm is the one that signs for clients that have registered none.
	DefaultAlgorithm string
	// IDTokenUserClaims says whether Claims are in ID tokens too.
	IDTokenUserClaims bool
}

// Access returns what a grant gives now, or a Dead error. It is one snapshot and
// writes nothing.
// token is the id of the access token it is asked for; nil: none in particular.
func (s Grants) Access(ctx context.Context, id storage.ID, token []byte) (*Access, error) {
	now := s.store.DB.Instant()
	return table.View(ctx, s.store.DB, func(r kv.Reader) (*Access, error) {
		a, err := s.store.AccessIn(r, id, now)
		if err != nil {
			return nil, err
		}
		if a.State.Redeemed.IsZero() {
			return nil, apps.DeadNotIssued
		}
		if a.State.revokedToken(token) {
			return nil, apps.DeadToken
		}
		return a, nil
	})
}

// AccessIn decides whether a grant is alive and what it gives.
func (s *Store) AccessIn(r kv.Reader, id storage.ID, now time.Time) (*Access, error) {
	g, state, err := s.grantAndState(r, id)
	if err != nil {
		return nil, err
	}
	return s.accessBy(r, g, state, now)
}

// grantAndState returns nil for what is not there. Both are shared: not to be changed.
func (s *Store) grantAndState(r kv.Reader, id storage.ID) (*Grant, *GrantState, error) {
	k := table.Key{}.ID(id)
	r.Prefetch(s.Grants.FullKey(k), s.GrantStates.FullKey(k))
	g, err := s.Grants.Shared(r, k)
	if err != nil {
		return nil, nil, err
	}
	state, err := s.GrantStates.Shared(r, k)
	return g, state, err
}

// accessBy is access by a grant and a state that were read.
func (s *Store) accessBy(r kv.Reader, g *Grant, state *GrantState, now time.Time) (*Access, error) {
	switch {
	case g == nil || state == nil:
		return nil, apps.DeadUnknown
	case !state.Revoked.IsZero():
		return nil, apps.DeadRevoked
	case !now.Before(g.Expires):
		return nil, apps.DeadExpired
	}
	a := &Access{Grant: g, State: *state}
	for _, check := range []func(kv.Reader, *Access, time.Time) error{
		s.checkUser, s.checkClientLive, s.checkGroups, s.checkConsent, s.checkSession, s.computeEffective, s.readGroups,
	} {
		if err := check(r, a, now); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (s *Store) checkUser(r kv.Reader, a *Access, _ time.Time) (err error) {
	if a.User, err = s.People.Users.Shared(r, table.Key{}.ID(a.Grant.User)); err != nil {
		return err
	}
	if a.User == nil || a.User.Disabled || a.User.Epoch != a.Grant.UserEpoch {
		return apps.DeadUser
	}
	return nil
}

func (s *Store) checkClientLive(r kv.Reader, a *Access, _ time.Time) (err error) {
	if a.Client, err = s.Apps.Clients.Shared(r, table.Key{}.Str(a.Grant.ClientID)); err != nil {
		return err
	}
	if a.Client == nil || a.Client.UID != a.Grant.Client || !a.Client.Live() || a.Client.Epoch != a.Grant.ClientEpoch {
		return apps.DeadClient
	}
	return nil
}

func (s *Store) checkConsent(r kv.Reader, a *Access, _ time.Time) (err error) {
	if a.Consent, err = s.Consents.Shared(r, ConsentKey(a.Grant.User, a.Grant.Client)); err != nil {
		return err
	}
	if a.Consent == nil || a.Consent.ID != a.Grant.Consent || !a.Consent.Counts(a.Client) {
		return apps.DeadConsent
	}
	return nil
}

func (s *Store) checkSession(r kv.Reader, a *Access, now time.Time) error {
	set, err := s.Policy.SettingsIn(r)
	if err != nil {
		return err
	}
	a.Lifetimes, a.DefaultAlgorithm = a.Client.Lifetimes(set.Lifetimes), set.DefaultSigningAlgorithm
	a.IDTokenUserClaims = *cmp.Or(a.Client.Metadata.IDTokenUserClaims, set.IDTokenUserClaims)
	if a.Grant.Offline {
		return nil
	}
	v, err := s.People.Sessions.Shared(r, table.Key{}.ID(a.Grant.Session))
	if err != nil {
		return err
	}
	if v != nil && !v.Latest.IsZero() && !v.PastAbsoluteEnd(set.Lifetimes, now) {
		if v, err = s.People.Sessions.Shared(r, table.Key{}.ID(v.Latest)); err != nil {
			return err
		}
	}
	if v == nil || v.Over(set.Lifetimes, now) {
		return apps.DeadSession
	}
	return nil
}

// Narrow leaves of the effective scopes those that keep says.
func (a *Access) Narrow(keep func(scope string) bool) {
	a.narrowTo(a.granted.That(func(o *apps.Offer) bool { return keep(o.Name) }))
}

func (a *Access) narrowTo(some apps.Offers) {
	a.Effective, a.Scopes, a.Claims = some, some.Names(), some.Claims()
}

// computeEffective computes the scopes in force and the claims they give.
func (s *Store) computeEffective(r kv.Reader, a *Access, _ time.Time) error {
	all, err := s.Apps.CatalogueIn(r)
	if err != nil {
		return err
	}
	a.granted = make(apps.Offers, 0, len(a.Grant.Scopes))
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
		return apps.DeadScopes
	}
	a.narrowTo(a.granted)
	if !slices.Contains(a.Claims, "patreon") {
		return nil
	}
	a.Membership, err = s.People.Memberships.Get(r, table.Key{}.ID(a.Grant.User))
	return err
}

// checkGroups is the part of access that groups decide.
func (s *Store) checkGroups(_ kv.Reader, a *Access, _ time.Time) error {
	if !a.Client.Admits(a.User) {
		return apps.DeadGroup
	}
	return nil
}

// readGroups reads the names for the groups claim, where it was granted.
func (s *Store) readGroups(r kv.Reader, a *Access, _ time.Time) (err error) {
	if slices.Contains(a.Claims, apps.ClaimGroups) {
		a.Groups, err = s.People.GroupNames(r, a.User.Groups)
	}
	return err
}

// target returns what of an access a token for these targets is for: another Access,
// since what the grant gives stays what it is. bad is a target that owns nothing of it.
func (a *Access) target(t apps.Targets) (token *Access, bad string) {
	some, bad := a.Effective.To(t)
	if bad != "" {
		return nil, bad
	}
	narrowed := *a
	narrowed.narrowTo(some)
	return &narrowed, ""
}
