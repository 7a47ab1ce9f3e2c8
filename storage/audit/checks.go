package audit

import (
	"latchkey/storage/table"
)

func (t *Trail) Checks() []table.Part { return []table.Part{table.CheckOf(t.DB, &t.Audit)} }
