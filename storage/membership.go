package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// Membership is what Patreon says of a user. Amounts are cents of the campaign's
// currency. AsOf is when Patreon said it.
type Membership struct {
	User                         ID        `cbor:"1,keyasint" json:"-"`
	IsPatron                     bool      `cbor:"2,keyasint" json:"is_patron"`
	Status                       string    `cbor:"3,keyasint,omitempty" json:"status"`
	Tiers                        []string  `cbor:"4,keyasint,omitempty" json:"tiers"`
	LifetimeSupportCents         int64     `cbor:"5,keyasint,omitempty" json:"lifetime_support_cents"`
	CurrentlyEntitledAmountCents int64     `cbor:"6,keyasint,omitempty" json:"currently_entitled_amount_cents"`
	PledgeStart                  time.Time `cbor:"7,keyasint" json:"pledge_start,omitzero"`
	AsOf                         time.Time `cbor:"8,keyasint" json:"as_of"`
}

// Patreon's own words for the state of a membership.
var patreonStatus = map[string]bool{"": true, "active_patron": true, "declined_patron": true, "former_patron": true}

// Memberships holds at most one Patreon membership for each user.
type Memberships struct{ b *base }

func membershipTable() table[Membership] {
	return table[Membership]{name: "memberships", space: spaceMemberships,
		key:   func(m *Membership) key { return key{}.id(m.User) },
		ready: func(m *Membership, _ key) { inUTC(&m.PledgeStart, &m.AsOf) }}
}

func (m *Membership) validate() error {
	switch {
	case !patreonStatus[m.Status]:
		return invalid("status", "must be active_patron, declined_patron, former_patron or absent, not %q", m.Status)
	case m.LifetimeSupportCents < 0:
		return invalid("lifetime_support_cents", "must not be negative")
	case m.CurrentlyEntitledAmountCents < 0:
		return invalid("currently_entitled_amount_cents", "must not be negative")
	case len(m.Tiers) > 32:
		return invalid("tiers", "must be at most 32")
	}
	for _, name := range m.Tiers {
		if err := plainText("tiers", name); err != nil {
			return err
		}
	}
	return nil
}

// Set replaces a user's membership. A zero AsOf means now. Errors: ErrForbidden,
// ErrNotFound, *Invalid.
func (m Memberships) Set(ctx context.Context, by Actor, v Membership) error {
	if err := by.mayManage(); err != nil {
		return err
	}
	if v.AsOf.IsZero() {
		v.AsOf = m.b.instant()
	}
	if err := v.validate(); err != nil {
		return err
	}
	note := m.b.note(by, ActMembership)
	_, err := update(ctx, m.b, func(tx kv.Txn) (struct{}, error) {
		if u, err := m.b.users.get(tx, key{}.id(v.User)); err != nil || u == nil {
			return struct{}{}, errOr(err, ErrNotFound)
		}
		if err := m.b.memberships.put(tx, &v); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, m.b.audit.put(tx, note.about(v.User, "", "patreon"))
	})
	return err
}

// Get returns a user's membership, or ErrNotFound.
func (m Memberships) Get(ctx context.Context, user ID) (Membership, error) {
	return view(ctx, m.b, func(r kv.Reader) (Membership, error) {
		v, err := m.b.memberships.get(r, key{}.id(user))
		if err != nil || v == nil {
			return Membership{}, errOr(err, ErrNotFound)
		}
		return *v, nil
	})
}
