package storage

import (
	"context"
	"crypto/subtle"
	"slices"

	"latchkey/storage/kv"
)

func sameBytes(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// Standing is all that an authorization request is evaluated against, read in one
// snapshot. Everything in it is shared: not to be changed.
type Standing struct {
	Client   *Client // nil: unknown
	Accounts []Account
	Settings *Settings
	Scopes   map[string]*Offer // those on offer that were asked for
	Finished bool              // the flow has led to a code already
}

// Account is one of the browser's live sessions, with what its user allows the
// client.
type Account struct {
	SignedIn
	Consent    *Consent    // nil: nothing yet
	Membership *Membership // nil: none
	Groups     []string    // names of the user's groups, in order, where a scope asked for gives them
}

// Standing reads what a request by clientID for scopes, from a browser with these
// sessions, is evaluated against. flow may be zero: not begun.
func (s Grants) Standing(ctx context.Context, flow ID, clientID string, scopes []string, sessions []ID) (*Standing, error) {
	now := s.b.instant()
	return view(ctx, s.b, func(r kv.Reader) (*Standing, error) {
		set, err := s.b.settingsIn(r)
		if err != nil {
			return nil, err
		}
		out := &Standing{Settings: set, Scopes: make(map[string]*Offer, len(scopes))}
		if out.Client, err = s.b.clients.shared(r, key{}.str(clientID)); err != nil || out.Client == nil {
			return out, err
		}
		all, err := s.b.catalogueIn(r)
		if err != nil {
			return nil, err
		}
		for _, name := range scopes {
			if offer := all.Offer(name); offer != nil {
				out.Scopes[name] = offer
			}
		}
		if !flow.IsZero() {
			_, out.Finished, err = r.Get(s.b.grants.full(key{}.id(flow)))
			if err != nil {
				return nil, err
			}
		}
		live, err := s.b.signedIn(r, sessions, set.Lifetimes, now)
		if err != nil {
			return nil, err
		}
		return out, s.b.accounts(r, out, live)
	})
}

// gives reports whether one of the scopes asked for gives a claim.
func (st *Standing) gives(claim string) bool {
	for _, sc := range st.Scopes {
		if slices.Contains(sc.Claims, claim) {
			return true
		}
	}
	return false
}

func (b *base) accounts(r kv.Reader, out *Standing, live []SignedIn) error {
	for _, v := range live {
		consent, err := b.consents.shared(r, consentKey(v.User.ID, out.Client.UID))
		if err != nil {
			return err
		}
		member, err := b.memberships.get(r, key{}.id(v.User.ID))
		if err != nil {
			return err
		}
		a := Account{SignedIn: v, Consent: consent, Membership: member}
		if out.gives(ClaimGroups) {
			if a.Groups, err = b.groupNames(r, v.User.Groups); err != nil {
				return err
			}
		}
		out.Accounts = append(out.Accounts, a)
	}
	return nil
}
