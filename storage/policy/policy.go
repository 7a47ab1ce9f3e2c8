package policy

import (
	"time"

	"latchkey/storage/audit"
	"latchkey/storage/table"
)

// Policy is what the operator decides, the keys, and how this data was last served.
type Policy struct {
	DB        *table.DB
	Trail     *audit.Trail
	Pin       pin
	Issuer    string // the provider's own identifier; "": not known
	Settings  table.Table[Settings]
	Served    table.Table[served]
	keys      table.Table[KeySet]
	alive     table.Table[alive]
	requests  table.Table[once]
	running   running
	Unset     *Settings // those in force where none are stored
	LastKnown lastKnown
}

// New returns the policy kept in db. pin may be nil: see Options of the store.
func New(db *table.DB, trail *audit.Trail, pin func(*Settings), issuer string) *Policy {
	return &Policy{DB: db, Trail: trail, Pin: pin, Issuer: issuer, Settings: SettingsTable(pin, time.Time{}),
		Served: servedTable(),
		keys:   keyTable(), alive: aliveTable(), requests: onceTable()}
}

// NewSettings returns the settings kept in p.
func NewSettings(p *Policy) SettingsStore { return SettingsStore{p} }

// NewKeys returns the keys kept in p.
func NewKeys(p *Policy) Keys { return Keys{p} }

// NewRequests returns the requests kept in p.
func NewRequests(p *Policy) Requests { return Requests{p} }

// UseStoredSettings says that the settings table is the one to be used from now on: see
// SettingsTable for what it must know first.
func (p *Policy) UseStoredSettings() {
	p.Unset = &Settings{}
	p.Settings.Ready(p.Unset, nil)
}
