package policy

import (
	"time"

	"latchkey/storage/kv"
)

// terms are the settings in force by which time alone deletes something. Whoever makes
// them what they are, be it a change, a line of the configuration file or a new
// version's default: nothing is deleted by them before they have stood for a day.
type terms struct {
	Lifetimes      Lifetimes `cbor:"1,keyasint"`
	AuditRetention uint64    `cbor:"2,keyasint"`
	KeyRotation    uint32    `cbor:"3,keyasint"`
}

func termsOf(s *Settings) terms {
	return terms{Lifetimes: s.Lifetimes, AuditRetention: s.AuditRetention, KeyRotation: *s.KeyRotation}
}

// NoteTerms notes the terms that are in force from now on, if they differ from those until
// now, and returns since when they are. Settings are as stored.
func (p *Policy) NoteTerms(tx kv.Txn, stored Settings, now time.Time) (time.Time, error) {
	p.Settings.Ready(&stored, nil)
	v, err := p.lastServed(tx)
	if err != nil {
		return time.Time{}, err
	}
	// A time to come is from a clock that was ahead: the day would not end before it.
	if t := termsOf(&stored); v.Terms != t || v.Stood.After(now) {
		v.Terms, v.Stood = t, now
		err = p.Served.Put(tx, v)
	}
	return v.Stood, err
}

// NoteFirstTerms notes the terms of a store that has nothing yet to be deleted.
func (p *Policy) NoteFirstTerms(tx kv.Txn) error {
	s := new(Settings)
	p.Settings.Ready(s, nil)
	return p.Served.Put(tx, &served{Terms: termsOf(s)})
}
