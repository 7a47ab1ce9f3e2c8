package policy

import (
	"latchkey/storage/table"
)

func (p *Policy) Checks() []table.Part {
	return []table.Part{
		table.CheckOf(p.DB, &p.Settings), table.CheckOf(p.DB, &p.keys), table.CheckOf(p.DB, &p.alive),
		table.CheckOf(p.DB, &p.requests), table.CheckOf(p.DB, &p.Served),
	}
}
