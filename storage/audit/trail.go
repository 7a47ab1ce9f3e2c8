package audit

import "latchkey/storage/table"

// Trail is the audit trail over one database.
type Trail struct {
	DB    *table.DB
	Audit table.Table[Event]
}

// New returns the trail kept in db.
func New(db *table.DB) *Trail { return &Trail{DB: db, Audit: auditTable()} }

// NewAudit returns the audit kept in t.
func NewAudit(t *Trail) Audit { return Audit{t} }
