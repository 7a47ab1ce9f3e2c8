package grants

import (
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Store is what users allow apps: consents and grants.
type Store struct {
	DB          *table.DB
	Trail       *audit.Trail
	Policy      *policy.Policy
	People      *people.People
	Apps        *apps.Apps
	Consents    table.Table[Consent]
	Grants      table.Table[Grant]
	GrantStates table.Table[GrantState]
	Offline     table.Table[Offline]
}

// New returns the grants kept in db.
func New(db *table.DB, trail *audit.Trail, pol *policy.Policy, ppl *people.People, a *apps.Apps) *Store {
	return &Store{DB: db, Trail: trail, Policy: pol, People: ppl, Apps: a, Consents: consentTable(),
		Grants: grantTable(), GrantStates: grantStateTable(), Offline: offlineTable()}
}

// NewConsents returns the consents kept in s.
func NewConsents(s *Store) Consents { return Consents{s} }

// NewGrants returns the grants kept in s.
func NewGrants(s *Store) Grants { return Grants{s} }
