package grants

import (
	"context"
	"crypto/subtle"
	"slices"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

func sameBytes(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// Standing is all that an authorization request is evaluated against, read in one
// snapshot. Everything in it is shared: not to be changed.
type Standing struct {
	Client   *apps.Client // nil: unknown
	Accounts []Account
	Settings *policy.Settings
	Scopes   map[string]*apps.Offer // those on offer that were asked for
	Finished bool                   // the flow has led to a code already
}

// Account is one of the browser's live sessions, with what its user allows the
// client.
type Account struct {
	people.SignedIn
	Consent    *Consent           // nil: nothing yet
	Membership *people.Membership // nil: none
	Groups     []string           // names of the user's groups, in order, where a scope asked for gives them
}

// Standing reads what a request by clientID for scopes, from a browser with these
// sessions, is evaluated against. flow may be zero: not begun.
func (s Grants) Standing(ctx context.Context, flow storage.ID, clientID string, scopes []string,
	sessions []storage.ID) (*Standing, error) {
	now := s.store.DB.Instant()
	return table.View(ctx, s.store.DB, func(r kv.Reader) (*Standing, error) {
		set, err := s.store.Policy.SettingsIn(r)
		if err != nil {
			return nil, err
		}
		out := &Standing{Settings: set, Scopes: make(map[string]*apps.Offer, len(scopes))}
		if out.Client, err = s.store.Apps.Clients.Shared(r, table.Key{}.Str(clientID)); err != nil ||
			out.Client == nil {
			return out, err
		}
		all, err := s.store.Apps.CatalogueIn(r)
		if err != nil {
			return nil, err
		}
		for _, name := range scopes {
			if offer := all.Offer(name); offer != nil {
				out.Scopes[name] = offer
			}
		}
		if !flow.IsZero() {
			_, out.Finished, err = r.Get(s.store.Grants.FullKey(table.Key{}.ID(flow)))
			if err != nil {
				return nil, err
			}
		}
		live, err := s.store.People.SignedIn(r, sessions, set.Lifetimes, now)
		if err != nil {
			return nil, err
		}
		return out, s.store.accounts(r, out, live)
	})
}

// givesClaim reports whether one of the scopes asked for gives a claim.
func (st *Standing) givesClaim(claim string) bool {
	for _, sc := range st.Scopes {
		if slices.Contains(sc.Claims, claim) {
			return true
		}
	}
	return false
}

func (s *Store) accounts(r kv.Reader, out *Standing, live []people.SignedIn) error {
	for _, v := range live {
		consent, err := s.Consents.Shared(r, ConsentKey(v.User.ID, out.Client.UID))
		if err != nil {
			return err
		}
		member, err := s.People.Memberships.Get(r, table.Key{}.ID(v.User.ID))
		if err != nil {
			return err
		}
		a := Account{SignedIn: v, Consent: consent, Membership: member}
		if out.givesClaim(apps.ClaimGroups) {
			if a.Groups, err = s.People.GroupNames(r, v.User.Groups); err != nil {
				return err
			}
		}
		out.Accounts = append(out.Accounts, a)
	}
	return nil
}
