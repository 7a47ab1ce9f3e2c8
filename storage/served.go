package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
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

func servedTable() table[served] {
	return table[served]{name: "served", space: spaceServed, key: func(*served) key { return nil },
		ready: func(v *served, _ key) { inUTC(&v.Moved, &v.Stood, &v.Known, &v.Paused) }}
}

// lastServed never returns nil without an error.
func (b *base) lastServed(r kv.Reader) (*served, error) {
	v, err := b.served.get(r, nil)
	if err == nil && v == nil {
		v = new(served)
	}
	return v, err
}

// movedFor is how long a change of issuer is spoken of, and may be taken back as if it had
// never been.
const movedFor = 7 * 24 * time.Hour

// under is v once the data is served under issuer.
func (v served) under(issuer string, now time.Time) served {
	switch {
	case issuer == "" || issuer == v.Issuer:
		return v
	case v.Issuer == "", v.former(now) == issuer:
		v.Former, v.Moved = "", time.Time{}
	default:
		v.Former, v.Moved = v.Issuer, now
	}
	v.Issuer = issuer
	return v
}

// former is the issuer that apps may still be configured for; "": none.
func (v served) former(now time.Time) string {
	if now.Sub(v.Moved) > movedFor {
		return ""
	}
	return v.Former
}

// serve notes that this data is served under the store's issuer from now on; see
// Store.Serve.
func (b *base) serve(ctx context.Context) (former string, err error) {
	now := b.instant()
	return update(ctx, b, func(tx kv.Txn) (string, error) {
		was, err := b.lastServed(tx)
		if err != nil {
			return "", err
		}
		v := was.under(b.issuer, now)
		if v != *was {
			err = b.served.put(tx, &v)
		}
		return v.former(now), err
	})
}

func (b *base) formerIssuer(ctx context.Context) (string, error) {
	now := b.instant()
	return view(ctx, b, func(r kv.Reader) (string, error) {
		v, err := b.lastServed(r)
		if err != nil {
			return "", err
		}
		return v.under(b.issuer, now).former(now), nil
	})
}
