package store

import (
	"context"
	"slices"

	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/grants"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Floors are the packages that a store is made of, each of which knows those before it.
type Floors struct {
	DB     *table.DB
	Trail  *audit.Trail
	Policy *policy.Policy
	People *people.People
	Apps   *apps.Apps
	Grants *grants.Store
}

func newFloors(db *table.DB, pin func(*policy.Settings), issuer string) *Floors {
	trail := audit.New(db)
	pol := policy.New(db, trail, pin, issuer)
	ppl := people.New(db, trail, pol)
	app := apps.New(db, trail, pol, ppl)
	return &Floors{DB: db, Trail: trail, Policy: pol, People: ppl, Apps: app,
		Grants: grants.New(db, trail, pol, ppl, app)}
}

// tablesOnly has the tables alone.
func tablesOnly() *Floors { return newFloors(&table.DB{}, nil, "") }

// checks are the parts of Check.
func (f *Floors) checks() []table.Part {
	all := slices.Concat(f.Trail.Checks(), f.Policy.Checks(), f.People.Checks(), f.Apps.Checks(), f.Grants.Checks(),
		[]table.Part{{Name: "meta", Spaces: []byte{table.SpaceMeta}, Run: f.checkMeta}})
	var known []byte
	for _, part := range all {
		known = append(known, part.Spaces...)
	}
	return append(all, table.Part{Name: "file", Run: func(ctx context.Context) ([]table.Fault, error) {
		return checkStray(ctx, f, known)
	}})
}
