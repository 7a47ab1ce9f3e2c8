package policy

import (
	"context"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// served is how this data was last served.
type served struct {
	Issuer string    `cbor:"1,keyasint,omitempty"` // "": it never was, or by a version that did not say
	Former string    `cbor:"2,keyasint,omitempty"` // the issuer before; "": there was none
	Moved  time.Time `cbor:"3,keyasint,omitzero"`  // when Issuer took the place of Former
	Terms  terms     `cbor:"4,keyasint"`
	Stood  time.Time `cbor:"5,keyasint,omitzero"` // since when Terms are in force; zero: always
	Known  time.Time `cbor:"6,keyasint,omitzero"` // what time it was when a server last said so; zero: none did
	Paused time.Time `cbor:"7,keyasint,omitzero"` // until when that server did not go by the clock; zero: it did
}

func servedTable() table.Table[served] {
	return table.Table[served]{Name: "served", Space: table.SpaceServed, Key: func(*served) table.Key { return nil },
		Ready: func(v *served, _ table.Key) { table.InUTC(&v.Moved, &v.Stood, &v.Known, &v.Paused) }}
}

// lastServed never returns nil without an error.
func (p *Policy) lastServed(r kv.Reader) (*served, error) {
	v, err := p.Served.Get(r, nil)
	if err == nil && v == nil {
		v = new(served)
	}
	return v, err
}

// movedFor is how long a change of issuer is spoken of, and may be taken back as if it had
// never been.
const movedFor = 7 * 24 * time.Hour

// servedUnder is v once the data is served under issuer.
func (v served) servedUnder(issuer string, now time.Time) served {
	switch {
	case issuer == "" || issuer == v.Issuer:
		return v
	case v.Issuer == "", v.formerIssuer(now) == issuer:
		v.Former, v.Moved = "", time.Time{}
	default:
		v.Former, v.Moved = v.Issuer, now
	}
	v.Issuer = issuer
	return v
}

// formerIssuer is the issuer that apps may still be configured for; "": none.
func (v served) formerIssuer(now time.Time) string {
	if now.Sub(v.Moved) > movedFor {
		return ""
	}
	return v.Former
}

// Serve notes that this data is served under the store's issuer from now on; see
// Store.Serve.
func (p *Policy) Serve(ctx context.Context) (former string, err error) {
	now := p.DB.Instant()
	return table.Update(ctx, p.DB, func(tx kv.Txn) (string, error) {
		was, err := p.lastServed(tx)
		if err != nil {
			return "", err
		}
		v := was.servedUnder(p.Issuer, now)
		if v != *was {
			err = p.Served.Put(tx, &v)
		}
		return v.formerIssuer(now), err
	})
}

func (p *Policy) FormerIssuer(ctx context.Context) (string, error) {
	now := p.DB.Instant()
	return table.View(ctx, p.DB, func(r kv.Reader) (string, error) {
		v, err := p.lastServed(r)
		if err != nil {
			return "", err
		}
		return v.servedUnder(p.Issuer, now).formerIssuer(now), nil
	})
}
