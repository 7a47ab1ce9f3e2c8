package grants

import (
	"bytes"
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

// RefreshFacts are what a grant's refresh tokens are made from. They never change.
type RefreshFacts struct {
	Secret []byte
	Key    uint32
}

// RefreshFacts returns them; ErrNotFound if there is no such grant, or it has no
// refresh tokens.
func (s Grants) RefreshFacts(ctx context.Context, id storage.ID) (RefreshFacts, error) {
	return table.View(ctx, s.store.DB, func(r kv.Reader) (RefreshFacts, error) {
		g, err := s.store.Grants.Shared(r, table.Key{}.ID(id))
		switch {
		case err != nil:
			return RefreshFacts{}, err
		case g == nil || !g.refreshable():
			return RefreshFacts{}, storage.ErrNotFound
		}
		return RefreshFacts{Secret: g.RefreshSecret, Key: g.RefreshKey}, nil
	})
}

// Whose returns the user and the client of a grant, dead or alive; ErrNotFound if there
// is no such grant.
func (s Grants) Whose(ctx context.Context, id storage.ID) (user storage.ID, clientID string, err error) {
	g, err := table.View(ctx, s.store.DB,
		func(r kv.Reader) (*Grant, error) { return storage.Found(s.store.Grants.Shared(r, table.Key{}.ID(id))) })
	if err != nil {
		return storage.ID{}, "", err
	}
	return g.User, g.ClientID, nil
}

func (g *Grant) refreshable() bool { return len(g.RefreshSecret) > 0 }

// Refresh is a refresh token presented by an authenticated client, found to be one
// of the grant's own.
type Refresh struct {
	Grant      storage.ID
	Generation uint32
	ClientUID  storage.ID
	Scopes     []string       // what the new access token is for; none: all that is granted
	Targets    apps.Targets   // likewise
	Assertion  apps.Assertion // by which the client authenticated, if by one
	RequestID  string
}

// Refreshed is the outcome of a refresh.
type Refreshed struct {
	Access *Access // nil: refused
	// Token is what of Access the access token is for.
	Token *Access
	// Generation is that of the refresh token to answer with.
	Generation uint32
	// Refused says why not; for the log. Theft has revoked the grant: that is a
	// change, so it is a result and not an error.
	Refused string
	// Dropped are the scopes that were asked for and are left out: never granted, or not
	// in force.
	Dropped []string
	// Scope is one of those, if nothing else was asked for; nothing was changed.
	Scope string
	// Target is a resource that was named and owns nothing of the scopes; nothing was
	// changed.
	Target string
}

// RefusedTheft says that a refresh token was used again after its time.
const RefusedTheft = "refresh token used before: the grant is revoked"

// seldom is how often the use of a refresh token that is not rotated is written.
const seldom = time.Hour

// Refresh uses a refresh token: one conditional write. The current generation makes
// the next one. The one before it, within the grace, is answered with the current
// one again and nothing is written, so that a lost answer costs nobody their login
// and the window never grows. Anything older, or later, is theft or a client that
// cannot count: the grant is revoked, and whoever holds its tokens is out (RFC 9700
// section 4.14.2).
func (s Grants) Refresh(ctx context.Context, p Refresh) (Refreshed, error) {
	now := s.store.DB.Instant()
	note := s.store.Trail.Note(storage.Actor{Via: storage.ViaOP, RequestID: p.RequestID}, audit.ActGrantTheft)
	run := s.store.Policy.CurrentRun()
	return table.Update(ctx, s.store.DB, func(tx kv.Txn) (Refreshed, error) {
		if fresh, err := s.store.Apps.UseAssertion(tx, p.Assertion); err != nil || !fresh {
			return Refreshed{Refused: apps.RefusedAssertion}, err
		}
		a, refused, err := s.store.accessForRefresh(tx, p, now)
		if err != nil || refused != "" {
			return Refreshed{Refused: refused}, err
		}
		switch {
		case !a.Grant.refreshable() || a.State.Redeemed.IsZero():
			return Refreshed{Refused: RefusedMismatch}, nil
		case a.Grant.Offline && !slices.ContainsFunc(a.granted,
			func(o *apps.Offer) bool { return o.Name == apps.ScopeOfflineAccess }):
			return Refreshed{Refused: "offline access is no longer allowed"}, nil
		case a.RefreshOver(now) != "":
			return Refreshed{Refused: a.RefreshOver(now).Error()}, nil
		case p.Generation > a.State.Generation: // data restored from before it was made
			return Refreshed{Refused: RefusedMismatch}, nil
		case p.Generation != a.State.Generation && !justRotated(run, a, p.Generation, now):
			return s.store.revokeStolen(tx, a, note, now)
		}
		// Only now, or whoever has an old token could ask for what is not there, and
		// learn from the answer that the grant is alive.
		dropped, bad := a.narrowToAsked(p.Scopes)
		if bad != "" {
			return Refreshed{Scope: bad}, nil
		}
		token, bad := a.target(p.Targets)
		out := Refreshed{Access: a, Token: token, Generation: a.State.Generation}
		switch {
		case bad != "":
			return Refreshed{Target: bad}, nil
		case p.Generation == a.State.Generation:
			out, err = s.store.rotateRefresh(tx, a, token, now)
		}
		out.Dropped = dropped
		return out, err
	})
}

// revokeStolen revokes the grant of a refresh token that was used again after its time.
func (s *Store) revokeStolen(tx kv.Txn, a *Access, note audit.Event, now time.Time) (Refreshed, error) {
	state := a.State
	state.Revoked = now
	if err := s.GrantStates.Put(tx, &state); err != nil {
		return Refreshed{}, err
	}
	return Refreshed{Refused: RefusedTheft}, s.Trail.Audit.Put(tx, note.About(a.User.ID, a.Client.ID, ""))
}

// accessForRefresh is the access that a refresh is about, or why there is none. Whose it is
// comes first: what became of a grant is for its own client to know.
func (s *Store) accessForRefresh(tx kv.Txn, p Refresh, now time.Time) (a *Access, refused string, err error) {
	g, state, err := s.grantAndState(tx, p.Grant)
	if err != nil {
		return nil, "", err
	}
	if g == nil || g.Client != p.ClientUID {
		return nil, RefusedMismatch, nil
	}
	a, err = s.accessBy(tx, g, state, now)
	if dead := apps.Dead(""); errors.As(err, &dead) {
		return nil, dead.Error(), nil
	}
	return a, "", err
}

// justRotated reports whether a generation is the one before the current one, and within
// its grace. Where tokens are not rotated, Used says when the current one was used, and
// no more: there is no grace.
func justRotated(r policy.Run, a *Access, generation uint32, now time.Time) bool {
	return generation+1 == a.State.Generation && !a.Client.Metadata.RefreshTokenReuse &&
		r.Within(a.State.Used, now, policy.Seconds(a.Lifetimes.RefreshGrace))
}

// narrowToAsked narrows an access to the scopes asked for. What is not in force, or never was
// granted, is dropped: libraries repeat the scopes of the authorization request, of which
// some may have been declined. If nothing is left, bad is one of them (RFC 6749 section 6).
func (a *Access) narrowToAsked(scopes []string) (dropped []string, bad string) {
	if len(scopes) == 0 {
		return nil, ""
	}
	for _, s := range scopes {
		if !slices.Contains(a.Scopes, s) {
			dropped = append(dropped, s)
		}
	}
	a.Narrow(func(s string) bool { return slices.Contains(scopes, s) })
	if len(a.Scopes) == 0 {
		return dropped, scopes[0]
	}
	return dropped, ""
}

// rotateRefresh makes the next generation current, or notes the use of the one that stays.
func (s *Store) rotateRefresh(tx kv.Txn, a, token *Access, now time.Time) (Refreshed, error) {
	state := a.State
	if !a.Client.Metadata.RefreshTokenReuse {
		state.Generation++
	} else if now.Sub(state.LastUsed()) < seldom {
		return Refreshed{Access: a, Token: token, Generation: state.Generation}, nil
	}
	state.Used = now
	a.State = state
	return Refreshed{Access: a, Token: token, Generation: state.Generation}, s.GrantStates.Put(tx, &state)
}

func (s *GrantState) LastUsed() time.Time {
	if s.Used.IsZero() {
		return s.Redeemed
	}
	return s.Used
}

// isIdle reports whether the grant's refresh token went unused too long, and the last access
// token that it may have led to is over.
func (s *GrantState) isIdle(l policy.Lifetimes, now time.Time) bool {
	return !now.Before(s.LastUsed().Add(policy.Seconds(l.RefreshIdle) + max(policy.Seconds(l.AccessToken),
		policy.Seconds(l.IDToken))))
}

// RefreshOver says why the grant's refresh tokens are over while the grant itself is
// alive: unused too long, or past their absolute end, when an access token may still
// be out. Empty: they are not.
func (a *Access) RefreshOver(now time.Time) apps.Dead {
	switch {
	case now.Sub(a.State.LastUsed()) > policy.Seconds(a.Lifetimes.RefreshIdle):
		return apps.DeadIdle
	case now.Sub(a.State.Redeemed) > policy.Seconds(a.Lifetimes.RefreshAbsolute):
		return apps.DeadExpired
	}
	return ""
}

// revokedMost is how many tokens of one grant are revoked one by one; past it the
// grant goes as a whole.
const maxRevoked = 16

func (s *GrantState) revokedToken(id []byte) bool {
	return len(id) > 0 && slices.ContainsFunc(s.Tokens, func(t []byte) bool { return bytes.Equal(t, id) })
}

// Revocation is a token sent back by the authenticated client (RFC 7009).
type Revocation struct {
	Grant     storage.ID
	ClientUID storage.ID
	Token     []byte         // the id of an access token, to end that token alone
	Assertion apps.Assertion // by which the client authenticated, if by one
}

// RefusedForeign says that what is to be revoked is another client's.
const RefusedForeign = "the token was issued to another client"

// Revoke ends a grant, or one access token alone. It must be the client's own; what is
// dead already stays so. Refused says why not: RefusedForeign or RefusedAssertion.
func (s Grants) Revoke(ctx context.Context, by storage.Actor, p Revocation) (refused string, err error) {
	now, note := s.store.DB.Instant(), s.store.Trail.Note(by, audit.ActGrantRevoked)
	return table.Update(ctx, s.store.DB, func(tx kv.Txn) (string, error) {
		if fresh, err := s.store.Apps.UseAssertion(tx, p.Assertion); err != nil || !fresh {
			return apps.RefusedAssertion, err
		}
		k := table.Key{}.ID(p.Grant)
		g, err := s.store.Grants.Get(tx, k)
		if err != nil || g == nil {
			return "", err
		}
		if g.Client != p.ClientUID {
			return RefusedForeign, nil
		}
		state, err := s.store.GrantStates.Get(tx, k)
		if err != nil || state == nil || !state.Revoked.IsZero() || state.revokedToken(p.Token) {
			return "", err
		}
		state.Grant = p.Grant
		if len(p.Token) > 0 && len(state.Tokens) < maxRevoked {
			state.Tokens = append(state.Tokens, p.Token)
			return "", s.store.GrantStates.Put(tx, state)
		}
		state.Revoked, state.Tokens = now, nil
		if err := s.store.GrantStates.Put(tx, state); err != nil {
			return "", err
		}
		return "", s.store.Trail.Audit.Put(tx, note.About(g.User, g.ClientID, ""))
	})
}
