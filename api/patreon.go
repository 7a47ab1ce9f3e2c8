package api

import (
	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/people"
)

func storedMembership(user storage.ID, m wire.Membership) people.Membership {
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

func membershipOf(v people.Membership) *wire.Membership {
	m := &wire.Membership{
		IsPatron: v.IsPatron, Status: v.Status, Tiers: v.Tiers,
		LifetimeSupportCents: v.LifetimeSupportCents, CurrentlyEntitledAmountCents: v.CurrentlyEntitledAmountCents,
		AsOf: &v.AsOf,
	}
	if !v.PledgeStart.IsZero() {
		m.PledgeStart = &v.PledgeStart
	}
	return m
}
