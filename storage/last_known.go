package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// lastKnown compares a start with the notes of the server before.
type lastKnown struct {
	time   time.Time // the last known time, if the start is so far after it that the clock may be ahead; else zero
	paused time.Time // until when nothing is deleted by what the clock says; zero: no pause
}

// compare is by the same margin as everything that is swept: a clock that is ahead by
// less erases nothing that is alive. A pause that the server before was in goes on, so
// that restarts do not end it, unless the clock was set back far since.
func (v *served) compare(now time.Time) lastKnown {
	switch {
	case !v.Known.IsZero() && now.Sub(v.Known) > sweepMargin:
		return lastKnown{v.Known, now.Add(sweepMargin)}
	case v.Paused.After(now) && v.Paused.Sub(now) <= sweepMargin:
		return lastKnown{paused: v.Paused}
	}
	return lastKnown{}
}

// noteKnown stores what time it is, and until when nothing is deleted by it.
func (b *base) noteKnown(ctx context.Context, now, paused time.Time) error {
	_, err := update(ctx, b, func(tx kv.Txn) (struct{}, error) {
		v, err := b.lastServed(tx)
		if err != nil {
			return struct{}{}, err
		}
		v.Known, v.Paused = now, paused
		return struct{}{}, b.served.put(tx, v)
	})
	return err
}
