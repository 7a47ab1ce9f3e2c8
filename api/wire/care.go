package wire

import (
	"encoding/hex"
	"time"

	"latchkey/storage/table"
)

// Backup is a copy of the data that was written and read again.
type Backup struct {
	Path    string    `json:"path"`
	Bytes   int64     `json:"bytes"`
	TakenAt time.Time `json:"taken_at"`
	Faults  []Fault   `json:"faults" doc:"What was wrong with the data already"`
}

// Findings is what a check found: nothing, if all is well.
type Findings struct {
	Faults []Fault `json:"faults"`
}

// Fault is something that is wrong with the stored data.
type Fault struct {
	Table string `json:"table" doc:"The noun it concerns, or file"`
	Key   string `json:"key,omitempty" doc:"Of the record, in hexadecimal"`
	What  string `json:"what"`
}

// FaultsOf are the store's faults as they are read; never nil.
func FaultsOf(list []table.Fault) []Fault {
	faults := make([]Fault, len(list))
	for i, f := range list {
		faults[i] = Fault{Table: f.Table, Key: hex.EncodeToString(f.Key), What: f.What}
	}
	return faults
}
