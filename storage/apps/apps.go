package apps

import (
	"sync/atomic"

	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Apps are the clients, the scopes they may ask for, and the resources these are for.
type Apps struct {
	DB         *table.DB
	Trail      *audit.Trail
	Policy     *policy.Policy
	People     *people.People
	Clients    table.Table[Client]
	Scopes     table.Table[Scope]
	Resources  table.Table[Resource]
	Edition    table.Table[edition]
	Denied     table.Table[Denied]
	assertions table.Table[usedAssertion]
	catalogue  atomic.Pointer[Catalogue]
}

// New returns the apps kept in db.
func New(db *table.DB, trail *audit.Trail, pol *policy.Policy, ppl *people.People) *Apps {
	return &Apps{DB: db, Trail: trail, Policy: pol, People: ppl, Clients: clientTable(), Scopes: scopeTable(),
		Resources: resourceTable(),
		Edition:   editionTable(), Denied: deniedTable(), assertions: assertionTable()}
}

// NewClients returns the clients kept in a.
func NewClients(a *Apps) Clients { return Clients{a} }

// NewScopes returns the scopes kept in a.
func NewScopes(a *Apps) Scopes { return Scopes{a} }

// NewResources returns the resources kept in a.
func NewResources(a *Apps) Resources { return Resources{a} }
