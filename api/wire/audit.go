package wire

import (
	"latchkey/storage/audit"
)

// Events is a page of the audit trail, newest first. Next goes on from here; empty
// at the end.
type Events struct {
	Events []audit.Event `json:"events"`
	Next   string        `json:"next,omitempty"`
}
