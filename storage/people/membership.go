package people

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Membership is what Patreon says of a user. Amounts are cents of the campaign's
// currency. AsOf is when Patreon said it.
type Membership struct {
	User                         storage.ID `cbor:"1,keyasint" json:"-"`
	IsPatron                     bool       `cbor:"2,keyasint" json:"is_patron"`
	Status                       string     `cbor:"3,keyasint,omitempty" json:"status"`
	Tiers                        []string   `cbor:"4,keyasint,omitempty" json:"tiers"`
	LifetimeSupportCents         int64      `cbor:"5,keyasint,omitempty" json:"lifetime_support_cents"`
	CurrentlyEntitledAmountCents int64      `cbor:"6,keyasint,omitempty" json:"currently_entitled_amount_cents"`
	PledgeStart                  time.Time  `cbor:"7,keyasint" json:"pledge_start,omitzero"`
	AsOf                         time.Time  `cbor:"8,keyasint" json:"as_of"`
}

// Patreon's own words for the state of a membership.
var patreonStatus = map[string]bool{"": true, "active_patron": true, "declined_patron": true, "former_patron": true}

// Memberships holds at most one Patreon membership for each user.
type Memberships struct{ people *People }

func membershipTable() table.Table[Membership] {
	return table.Table[Membership]{Name: "memberships", Space: table.SpaceMemberships,
		Key:   func(m *Membership) table.Key { return table.Key{}.ID(m.User) },
		Ready: func(m *Membership, _ table.Key) { table.InUTC(&m.PledgeStart, &m.AsOf) }}
}

func (m *Membership) validate() error {
	switch {
	case !patreonStatus[m.Status]:
		return storage.Invalidf("status", "must be active_patron, declined_patron, former_patron or absent, not %q",
			m.Status)
	case m.LifetimeSupportCents < 0:
		return storage.Invalidf("lifetime_support_cents", "must not be negative")
	case m.CurrentlyEntitledAmountCents < 0:
		return storage.Invalidf("currently_entitled_amount_cents", "must not be negative")
	case len(m.Tiers) > 32:
		return storage.Invalidf("tiers", "must be at most 32")
	}
	for _, name := range m.Tiers {
		if err := storage.PlainText("tiers", name); err != nil {
			return err
		}
	}
	return nil
}

// Set replaces a user's membership. A zero AsOf means now. Errors: ErrForbidden,
// ErrNotFound, *Invalid.
func (m Memberships) Set(ctx context.Context, by storage.Actor, v Membership) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	if v.AsOf.IsZero() {
		v.AsOf = m.people.DB.Instant()
	}
	if err := v.validate(); err != nil {
		return err
	}
	note := m.people.Trail.Note(by, audit.ActMembership)
	_, err := table.Update(ctx, m.people.DB, func(tx kv.Txn) (struct{}, error) {
		if u, err := m.people.Users.Get(tx, table.Key{}.ID(v.User)); err != nil || u == nil {
			return struct{}{}, storage.ErrOr(err, storage.ErrNotFound)
		}
		if err := m.people.Memberships.Put(tx, &v); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, m.people.Trail.Audit.Put(tx, note.About(v.User, "", "patreon"))
	})
	return err
}

// Get returns a user's membership, or ErrNotFound.
func (m Memberships) Get(ctx context.Context, user storage.ID) (Membership, error) {
	return table.View(ctx, m.people.DB, func(r kv.Reader) (Membership, error) {
		v, err := m.people.Memberships.Get(r, table.Key{}.ID(user))
		if err != nil || v == nil {
			return Membership{}, storage.ErrOr(err, storage.ErrNotFound)
		}
		return *v, nil
	})
}
