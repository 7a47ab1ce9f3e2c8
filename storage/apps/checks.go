package apps

import (
	"latchkey/storage/table"
)

func (a *Apps) Checks() []table.Part {
	return []table.Part{
		table.CheckOf(a.DB, &a.Clients), table.CheckOf(a.DB, &a.Scopes), table.CheckOf(a.DB, &a.Resources),
		table.CheckOf(a.DB, &a.Edition), table.CheckOf(a.DB, &a.Denied), table.CheckOf(a.DB, &a.assertions),
		{Name: a.Resources.Name, Run: a.CheckResources}, {Name: a.Scopes.Name, Run: a.CheckOwners},
	}
}
