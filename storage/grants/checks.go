package grants

import (
	"latchkey/storage/table"
)

func (s *Store) Checks() []table.Part {
	return []table.Part{
		table.CheckOf(s.DB, &s.Consents), table.CheckOf(s.DB, &s.Grants), table.CheckOf(s.DB, &s.GrantStates),
		table.CheckOf(s.DB, &s.Offline),
		table.CheckPair(s.DB, s.Grants.Name, table.SpaceGrants, table.SpaceGrantStates, "the grant has no state"),
		table.CheckPair(s.DB, s.GrantStates.Name, table.SpaceGrantStates, table.SpaceGrants, "the state has no grant"),
	}
}
