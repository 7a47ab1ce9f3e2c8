package policy

import (
	"context"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// lastKnown compares a start with the notes of the server before.
type lastKnown struct {
	Time   time.Time // the last known time, if the start is so far after it that the clock may be ahead; else zero
	Paused time.Time // until when nothing is deleted by what the clock says; zero: no pause
}

// compareStart is by the same margin as everything that is swept: a clock that is ahead by
// less erases nothing that is alive. A pause that the server before was in goes on, so
// that restarts do not end it, unless the clock was set back far since.
func (v *served) compareStart(now time.Time) lastKnown {
	switch {
	case !v.Known.IsZero() && now.Sub(v.Known) > table.SweepMargin:
		return lastKnown{v.Known, now.Add(table.SweepMargin)}
	case v.Paused.After(now) && v.Paused.Sub(now) <= table.SweepMargin:
		return lastKnown{Paused: v.Paused}
	}
	return lastKnown{}
}

// NoteKnown stores what time it is, and until when nothing is deleted by it.
func (p *Policy) NoteKnown(ctx context.Context, now, paused time.Time) error {
	_, err := table.Update(ctx, p.DB, func(tx kv.Txn) (struct{}, error) {
		v, err := p.lastServed(tx)
		if err != nil {
			return struct{}{}, err
		}
		v.Known, v.Paused = now, paused
		return struct{}{}, p.Served.Put(tx, v)
	})
	return err
}
