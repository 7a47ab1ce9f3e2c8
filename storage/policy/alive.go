package policy

import (
	"context"
	"sync"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// alive says when a process last worked on this store, so that the next one knows
// how long nobody did.
type alive struct {
	At time.Time `cbor:"1,keyasint"`
}

func aliveTable() table.Table[alive] {
	return table.Table[alive]{Name: "alive", Space: table.SpaceAlive, Key: func(*alive) table.Key { return nil },
		Ready: func(v *alive, _ table.Key) { table.InUTC(&v.At) }}
}

// aliveEvery is how often Alive is to be called. What happened within that time
// before a crash counts as having happened at its end.
const aliveEvery = time.Minute

// Run is a time of work on the store in which the clock was not set: when it began, and
// when work was last known of before it (zero: never).
type Run struct{ began, before time.Time }

// running is the run that this process is in.
type running struct {
	mu     sync.Mutex
	run    Run
	graced time.Time // when a grace last began, as far as is known; zero: there was none
	// Both clocks when they were last looked at.
	wall time.Time
	up   time.Duration
}

// clockSet is how far wall clock and uptime may part between two looks. Beyond it the
// clock was set, or the machine was asleep.
const clockSet = 5 * time.Second

func (p *Policy) NoteStart(ctx context.Context) error {
	now := p.DB.Instant()
	before, err := table.View(ctx, p.DB, func(r kv.Reader) (time.Time, error) {
		last, err := p.lastServed(r)
		if err != nil {
			return time.Time{}, err
		}
		p.LastKnown = last.compareStart(now)
		v, err := p.alive.Get(r, nil)
		if err != nil || v == nil {
			return time.Time{}, err
		}
		return v.At, nil
	})
	r := &p.running
	r.wall, r.up = p.DB.Now().Round(0), p.DB.Uptime()
	r.run = Run{began: p.DB.Instant(), before: before}
	if !before.IsZero() {
		r.graced = r.wall // of what was rotated shortly before
	}
	return err
}

// observeClocks returns the run that is now. Where the clock was set, another one has begun: by
// the new time nobody can say how long ago anything was.
func (r *running) observeClocks(wall time.Time, up time.Duration) Run {
	wall = wall.Round(0)
	if drift := wall.Sub(r.wall) - (up - r.up); drift.Abs() > clockSet {
		r.run = Run{began: wall.UTC().Truncate(time.Second), before: r.wall}
		if !r.graced.IsZero() {
			r.graced = wall
		}
	}
	r.wall, r.up = wall, up
	return r.run
}

// CurrentRun returns the run that is now, in which a refresh token may be rotated.
func (p *Policy) CurrentRun() Run {
	r := &p.running
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.observeClocks(p.DB.Now(), p.DB.Uptime())
	r.graced = r.wall
	return now
}

// aliveAfter is how long after a grace began Alive goes on writing: until one that comes
// late, even of the longest, has said that it is over. A server where nobody refreshes
// writes nothing.
const aliveAfter = 10*time.Minute + 3*aliveEvery

// NoteAlive notes that this process is at work.
func (p *Policy) NoteAlive(ctx context.Context) error {
	now := p.DB.Instant()
	if !p.graceMatters() {
		return nil
	}
	_, err := table.Update(ctx, p.DB, func(tx kv.Txn) (struct{}, error) {
		return struct{}{}, p.alive.Put(tx, &alive{At: now})
	})
	return err
}

// graceMatters reports whether a grace began so lately that the next process must know how
// long this one was at work.
func (p *Policy) graceMatters() bool {
	r := &p.running
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observeClocks(p.DB.Now(), p.DB.Uptime())
	return !r.graced.IsZero() && r.wall.Sub(r.graced) <= aliveAfter
}

// Within reports whether something done at t is not longer ago than d, counting only
// time in which a server could be asked: what was done shortly before this run, by
// another process or by a clock that has been set since, counts from when it began.
func (r Run) Within(t, now time.Time, d time.Duration) bool {
	if ago := now.Sub(t); -table.Overtaking <= ago && ago <= d {
		return true
	}
	earlier := t.Before(r.began) || t.After(now)
	return earlier && t.After(r.before.Add(-aliveEvery-d)) && now.Sub(r.began) <= d
}
