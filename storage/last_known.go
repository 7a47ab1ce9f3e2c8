package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// knownEvery is how often a server notes what time it is. A start by a clock that is
// ahead can be told only by such a note.
const knownEvery = time.Hour

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

// LastKnown returns the last known time before this store was opened, if the clock was
// more than a day ahead of it then, and until when sweepers pause therefore. Either the
// clock is wrong, or nobody served this data for long. Zero: the start was not long after.
func (s *Store) LastKnown() (last, paused time.Time) {
	return s.base.lastKnown.time, s.base.lastKnown.paused
}

// note stores what time it is, and whether this sweeper believes it: every hour, and
// when a pause begins or ends.
func (s *Sweeper) note(ctx context.Context) error {
	now, paused := s.b.instant(), time.Time{}
	if left := s.jumps.left(); left > 0 {
		paused = now.Add(left).Truncate(time.Second)
	}
	if now.Sub(s.known).Abs() < knownEvery && paused.Sub(s.paused).Abs() < jumpLeast {
		return nil
	}
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		v, err := s.b.lastServed(tx)
		if err != nil {
			return struct{}{}, err
		}
		v.Known, v.Paused = now, paused
		return struct{}{}, s.b.served.put(tx, v)
	})
	if err == nil {
		s.known, s.paused = now, paused
	}
	return err
}
