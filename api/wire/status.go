package wire

import (
	"time"
)

// Status is how a server is, as it says itself.
type Status struct {
	Version string `json:"version"`
	Issuer  string `json:"issuer,omitempty"`
	PID     int    `json:"pid"`
	Fault   string `json:"fault,omitempty" doc:"Why storage has stopped; absent while all is well"`
	// LastWritten says that the clock was behind when the server started.
	LastWritten *time.Time `json:"last_written,omitempty" doc:"When the data was last written before this server opened it, if by its clock that was yet to come"`
	// LastServed says that the clock may have been ahead when the server started.
	LastServed *time.Time `json:"last_served,omitempty" doc:"When this data was last served, if that was more than a day before the server started: for a day nothing that has expired is deleted, and no key is replaced"`
	// FormerIssuer is what clients may still be configured for.
	FormerIssuer string `json:"former_issuer,omitempty" doc:"The issuer under which this data was served until lately, if it was another one"`
	// Probe, sent as the header Latchkey-Probe with a request to /healthz, makes
	// the answer say how that request arrived.
	Probe string `json:"probe"`
}
