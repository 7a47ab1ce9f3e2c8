package storage

import (
	"context"
	"sync"
	"time"

	"latchkey/storage/kv"
)

// alive says when a process last worked on this store, so that the next one knows
// how long nobody did.
type alive struct {
	At time.Time `cbor:"1,keyasint"`
}

func aliveTable() table[alive] {
	return table[alive]{name: "alive", space: spaceAlive, key: func(*alive) key { return nil },
		ready: func(v *alive, _ key) { inUTC(&v.At) }}
}

// aliveEvery is how often Alive is to be called. What happened within that time
// before a crash counts as having happened at its end.
const aliveEvery = time.Minute

// run is a time of work on the store in which the clock was not set: when it began, and
// when work was last known of before it (zero: never).
type run struct{ began, before time.Time }

// running is the run that this process is in.
type running struct {
	mu     sync.Mutex
	run    run
	graced time.Time // when a grace last began, as far as is known; zero: there was none
	// Both clocks when they were last looked at.
	wall time.Time
	up   time.Duration
}

// clockSet is how far wall clock and uptime may part between two looks. Beyond it the
// clock was set, or the machine was asleep.
const clockSet = 5 * time.Second

func (b *base) began(ctx context.Context) error {
	now := b.instant()
	before, err := view(ctx, b, func(r kv.Reader) (time.Time, error) {
		last, err := b.lastServed(r)
		if err != nil {
			return time.Time{}, err
		}
		b.lastKnown = last.compare(now)
		v, err := b.alive.get(r, nil)
		if err != nil || v == nil {
			return time.Time{}, err
		}
		return v.At, nil
	})
	r := &b.running
	r.wall, r.up = b.now().Round(0), b.uptime()
	r.run = run{began: b.instant(), before: before}
	if !before.IsZero() {
		r.graced = r.wall // of what was rotated shortly before
	}
	return err
}

// look returns the run that is now. Where the clock was set, another one has begun: by
// the new time nobody can say how long ago anything was.
func (r *running) look(wall time.Time, up time.Duration) run {
	wall = wall.Round(0)
	if drift := wall.Sub(r.wall) - (up - r.up); drift.Abs() > clockSet {
		r.run = run{began: wall.UTC().Truncate(time.Second), before: r.wall}
		if !r.graced.IsZero() {
			r.graced = wall
		}
	}
	r.wall, r.up = wall, up
	return r.run
}

// refreshing returns the run that is now, in which a refresh token may be rotated.
func (b *base) refreshing() run {
	r := &b.running
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.look(b.now(), b.uptime())
	r.graced = r.wall
	return now
}

// aliveAfter is how long after a grace began Alive goes on writing: until one that comes
// late, even of the longest, has said that it is over. A server where nobody refreshes
// writes nothing.
const aliveAfter = 10*time.Minute + 3*aliveEvery

// noteAlive notes that this process is at work.
func (b *base) noteAlive(ctx context.Context) error {
	now := b.instant()
	if !b.matters() {
		return nil
	}
	_, err := update(ctx, b, func(tx kv.Txn) (struct{}, error) {
		return struct{}{}, b.alive.put(tx, &alive{At: now})
	})
	return err
}

// matters reports whether a grace began so lately that the next process must know how
// long this one was at work.
func (b *base) matters() bool {
	r := &b.running
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look(b.now(), b.uptime())
	return !r.graced.IsZero() && r.wall.Sub(r.graced) <= aliveAfter
}

// within reports whether something done at t is not longer ago than d, counting only
// time in which a server could be asked: what was done shortly before this run, by
// another process or by a clock that has been set since, counts from when it began.
func (r run) within(t, now time.Time, d time.Duration) bool {
	if ago := now.Sub(t); -overtaking <= ago && ago <= d {
		return true
	}
	earlier := t.Before(r.began) || t.After(now)
	return earlier && t.After(r.before.Add(-aliveEvery-d)) && now.Sub(r.began) <= d
}
