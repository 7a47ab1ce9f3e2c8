package table

import (
	"time"

	"latchkey/storage/kv"
)

const (
	// sweepMargin is how long something must have been expired before it is
	// deleted: a clock that jumped forward and back must not erase what is alive.
	SweepMargin = 24 * time.Hour
	// sweepSlice is how many records one transaction looks at, few enough not to be
	// noticed by whoever waits behind it.
	SweepSlice = 500
)

// Swept is what one slice did and where the next one goes on; nil: at the start.
type Swept struct {
	N     int
	Next  []byte
	Front bool // all that is over lies before all that is not
	odd   int  // could not be read
}

// Sweep deletes what is gone of one slice. It passes over what it cannot read, which
// is for Check to report: one bad record must not keep all others forever.
func Sweep[T any](tx kv.Txn, t *Table[T], after []byte, gone func(*T) (bool, error)) (Swept, error) {
	pairs, err := tx.Scan(kv.Range{Prefix: []byte{t.Space}, After: after, Limit: SweepSlice})
	if err != nil {
		return Swept{}, err
	}
	out := Swept{Next: CursorAfter(pairs, SweepSlice)}
	for _, pair := range pairs {
		v, err := t.Decode(pair.Key[1:], pair.Value)
		if err != nil {
			out.odd++
			continue
		}
		over, err := gone(v)
		if err != nil {
			return Swept{}, err
		}
		if !over {
			continue
		}
		if err := t.Delete(tx, pair.Key[1:]); err != nil {
			return Swept{}, err
		}
		out.N++
	}
	return out, nil
}

// SweepFront is sweep for records whose keys begin with when they end: there may be more
// at the front only if all of the slice that can be read was gone.
func SweepFront[T any](tx kv.Txn, t *Table[T], after []byte, gone func(*T) bool) (Swept, error) {
	out, err := Sweep(tx, t, after, func(v *T) (bool, error) { return gone(v), nil })
	if out.Front = true; out.N+out.odd < SweepSlice {
		out.Next = nil
	}
	return out, err
}
