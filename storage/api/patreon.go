package api

import (
	"time"

	"latchkey/storage"
	"latchkey/storage/people"
)

// Membership is a user's Patreon membership. Amounts are cents of the campaign's
// currency. AsOf is when Patreon said it; left out when written, it is now.
type Membership struct {
	IsPatron                     bool       `json:"is_patron"`
	Status                       string     `json:"status" required:"false" doc:"active_patron, declined_patron, former_patron or empty"`
	Tiers                        []string   `json:"tiers,omitempty"`
	LifetimeSupportCents         int64      `json:"lifetime_support_cents" required:"false"`
	CurrentlyEntitledAmountCents int64      `json:"currently_entitled_amount_cents" required:"false"`
	PledgeStart                  *time.Time `json:"pledge_start,omitempty"`
	AsOf                         *time.Time `json:"as_of,omitempty"`
}

func storedMembership(user storage.ID, m Membership) people.Membership {
	v := people.Membership{
		User: user, IsPatron: m.IsPatron, Status: m.Status, Tiers: m.Tiers,
		LifetimeSupportCents: m.LifetimeSupportCents, CurrentlyEntitledAmountCents: m.CurrentlyEntitledAmountCents,
	}
	if m.PledgeStart != nil {
		v.PledgeStart = *m.PledgeStart
	}
	if m.AsOf != nil {
		v.AsOf = *m.AsOf
	}
	return v
}

func membershipOf(v people.Membership) *Membership {
	m := &Membership{
		IsPatron: v.IsPatron, Status: v.Status, Tiers: v.Tiers,
		LifetimeSupportCents: v.LifetimeSupportCents, CurrentlyEntitledAmountCents: v.CurrentlyEntitledAmountCents,
		AsOf: &v.AsOf,
	}
	if !v.PledgeStart.IsZero() {
		m.PledgeStart = &v.PledgeStart
	}
	return m
}
