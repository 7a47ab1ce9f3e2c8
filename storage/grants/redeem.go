package grants

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Redemption is a code presented at the token endpoint by an authenticated client.
type Redemption struct {
	Grant       storage.ID
	CodeHash    []byte
	ClientUID   storage.ID
	RedirectURI string
	// Challenge is what the presented code_verifier hashes to (RFC 7636 section
	// 4.6); empty: no verifier was sent.
	Challenge string
	Targets   apps.Targets   // what the access token is for; none: all that is granted
	Assertion apps.Assertion // by which the client authenticated, if by one
	RequestID string
}

// Redeemed is the outcome of a redemption: either Access and Token are set, or one
// of the others.
type Redeemed struct {
	Access *Access // the code was good, and is used up now
	Token  *Access // what of it the access token is for
	// Target is a resource that was named and owns nothing of what was granted;
	// nothing was changed.
	Target string
	// Refused says why not; for the log. A replay has revoked the grant: that is a
	// change, so it is a result and not an error.
	Refused string
}

// Why a code is refused, beyond the grant being dead.
const (
	RefusedReplay   = "code used before: the grant is revoked"
	RefusedExpired  = "code expired"
	RefusedMismatch = "it is not one that this client was given"
	// What does not match of a code that is the client's own.
	RefusedRedirectURI = "redirect_uri is not that of the authorization request"
	RefusedVerifier    = "code_verifier does not match code_challenge"
	RefusedNoVerifier  = "code_verifier is missing"
	RefusedUnasked     = "code_verifier was sent, and no code_challenge before"
	// RefusedUsedNoVerifier revokes nothing: nobody has shown that the code is theirs.
	RefusedUsedNoVerifier = "code used before, and code_verifier is missing"
)

// Redeem uses up a code: one conditional write, so that of any number of
// concurrent redemptions exactly one succeeds. What does not match changes nothing
// and does not burn the code; a second matching redemption revokes the grant (RFC
// 6749 section 4.1.2).
func (s Grants) Redeem(ctx context.Context, p Redemption) (Redeemed, error) {
	now := s.store.DB.Instant()
	note := s.store.Trail.Note(storage.Actor{Via: storage.ViaOP, RequestID: p.RequestID}, audit.ActGrantReplayed)
	return table.Update(ctx, s.store.DB, func(tx kv.Txn) (Redeemed, error) {
		if fresh, err := s.store.Apps.UseAssertion(tx, p.Assertion); err != nil || !fresh {
			return Redeemed{Refused: apps.RefusedAssertion}, err
		}
		k := table.Key{}.ID(p.Grant)
		g, err := s.store.Grants.Shared(tx, k)
		if err != nil {
			return Redeemed{}, err
		}
		bad := p.mismatch(g)
		if bad != "" && bad != RefusedNoVerifier {
			return Redeemed{Refused: bad}, nil
		}
		state, err := s.store.GrantStates.Get(tx, k)
		if err != nil || state == nil {
			return Redeemed{}, storage.ErrOr(err, fmt.Errorf("%w: grant %s has no state", table.ErrRecord, p.Grant))
		}
		if bad != "" && !state.Redeemed.IsZero() {
			bad = RefusedUsedNoVerifier
		}
		if bad != "" {
			return Redeemed{Refused: bad}, nil
		}
		if !state.Redeemed.IsZero() {
			return s.store.revokeReplayed(tx, g, state, note, now)
		}
		if !now.Before(g.CodeExpires) {
			return Redeemed{Refused: RefusedExpired}, nil
		}
		a, err := s.store.accessBy(tx, g, state, now)
		if dead := apps.Dead(""); errors.As(err, &dead) {
			return Redeemed{Refused: dead.Error()}, nil
		}
		if err != nil {
			return Redeemed{}, err
		}
		token, unknown := a.target(p.Targets)
		if unknown != "" {
			return Redeemed{Target: unknown}, nil
		}
		state.Redeemed = now
		a.State, token.State = *state, *state
		return Redeemed{Access: a, Token: token}, s.store.GrantStates.Put(tx, state)
	})
}

// mismatch compares all that a code is bound to (RFC 6749 section 4.1.3, RFC 7636
// section 4.6), and says what does not match; "": all does. A verifier for a code that
// was asked for without a challenge is refused: it is how a downgrade shows (RFC 9700
// section 4.8.2).
func (p Redemption) mismatch(g *Grant) string {
	switch {
	case g == nil || !sameBytes(p.CodeHash, g.CodeHash) || p.ClientUID != g.Client:
		return RefusedMismatch
	case p.RedirectURI != g.RedirectURI:
		return RefusedRedirectURI
	case sameBytes([]byte(p.Challenge), []byte(g.CodeChallenge)):
		return ""
	case g.CodeChallenge == "":
		return RefusedUnasked
	case p.Challenge == "":
		return RefusedNoVerifier
	}
	return RefusedVerifier
}

func (s *Store) revokeReplayed(tx kv.Txn, g *Grant, state *GrantState, note audit.Event, now time.Time) (Redeemed,
	error) {
	out := Redeemed{Refused: RefusedReplay}
	if !state.Revoked.IsZero() {
		return out, nil // killed before: nothing more to write
	}
	state.Revoked = now
	if err := s.GrantStates.Put(tx, state); err != nil {
		return Redeemed{}, err
	}
	return out, s.Trail.Audit.Put(tx, note.About(g.User, g.ClientID, ""))
}
