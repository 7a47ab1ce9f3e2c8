package store

import (
	"context"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// knownEvery is how often a server notes what time it is. A start by a clock that is
// ahead can be told only by such a note.
const knownEvery = time.Hour

const (
	// A tick looks at sweepLook slices of a noun, and at more while there is
	// something to delete, but never at more than sweepMost: where the living stand
	// between the dead, looking takes long. Of what lies at the front it takes all,
	// or whoever leaves more than that in a minute would fill the disk.
	sweepLook = 20
	maxSweep  = 200
)

// Sweeper gives back the space of what is over. Correctness never waits for it.
// Tick is for one goroutine, Paused for any.
type Sweeper struct {
	floors  *Floors
	jumps   jumps
	cursors [9][]byte
	known   time.Time // what note last stored
	paused  time.Time // likewise
}

// NewSweeper returns a sweeper.
func (s *Store) NewSweeper(uptime func() Uptime) *Sweeper {
	sweeper := &Sweeper{floors: s.Floors, jumps: newJumps(s.Floors.DB.Now, uptime)}
	sweeper.jumps.pause(s.Floors.Policy.LastKnown.Paused.Sub(s.Floors.DB.Now()))
	return sweeper
}

// noteTime stores what time it is, and whether this sweeper believes it: every hour, and
// when a pause begins or ends.
func (s *Sweeper) noteTime(ctx context.Context) error {
	now, paused := s.floors.DB.Instant(), time.Time{}
	if left := s.jumps.remaining(); left > 0 {
		paused = now.Add(left).Truncate(time.Second)
	}
	if now.Sub(s.known).Abs() < knownEvery && paused.Sub(s.paused).Abs() < minJump {
		return nil
	}
	err := s.floors.Policy.NoteKnown(ctx, now, paused)
	if err == nil {
		s.known, s.paused = now, paused
	}
	return err
}

// Paused reports whether what the wall clock says is not to be deleted by yet: within a
// day after it has jumped, or after a start when it may be ahead (see Store.LastKnown),
// and within an hour after the machine was asleep.
func (s *Sweeper) Paused() bool { return s.jumps.remaining() > 0 }

// Tick goes over a part of each noun that expires and deletes what is over; the next
// one goes on from there. It returns how many records it deleted.
func (s *Sweeper) Tick(ctx context.Context) (deleted int, err error) {
	if err := s.noteTime(ctx); err != nil {
		return 0, err
	}
	before := s.floors.DB.Instant().Add(-table.SweepMargin)
	if s.Paused() { // by a look at the clock after that instant: it may jump between the two
		return 0, nil
	}
	for i, slice := range []func(kv.Txn, []byte, time.Time) (table.Swept, error){
		s.floors.People.SweepSessions, s.floors.Grants.SweepGrants, s.floors.People.SweepLinks,
		s.floors.Policy.SweepAudit, s.floors.Grants.SweepConsents,
		s.floors.Apps.SweepDenied, s.floors.Policy.SweepRequests, s.floors.Grants.SweepOffline,
		s.floors.Apps.SweepAssertions,
	} {
		for n := 1; ; n++ {
			out, err := table.Update(ctx, s.floors.DB,
				func(tx kv.Txn) (table.Swept, error) { return slice(tx, s.cursors[i], before) })
			if err != nil {
				return deleted, err
			}
			s.cursors[i] = out.Next
			deleted += out.N
			if out.Next == nil || out.N == 0 && n >= sweepLook || n >= maxSweep && !out.Front {
				break
			}
		}
	}
	return deleted, nil
}
