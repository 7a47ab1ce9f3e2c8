package people

import (
	"latchkey/storage/table"
)

func (p *People) Checks() []table.Part {
	return []table.Part{
		table.CheckOf(p.DB, &p.Users), table.CheckOf(p.DB, &p.attempts), table.CheckOf(p.DB, &p.Sessions),
		table.CheckOf(p.DB, &p.Memberships), table.CheckOf(p.DB, &p.Links), table.CheckOf(p.DB, &p.Groups),
	}
}
