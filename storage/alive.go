package storage

import (
	"context"
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

// run is this process's time on the store: when it began, and when another was last
// known to be at work before it (zero: never).
type run struct{ began, before time.Time }

func (b *base) began(ctx context.Context) error {
	now := b.instant()
	before, err := view(ctx, b, func(r kv.Reader) (time.Time, error) {
		v, err := b.alive.get(r, nil)
		if err != nil || v == nil {
			return time.Time{}, err
		}
		return v.At, nil
	})
	b.run = run{began: now, before: before}
	return err
}

// aliveAfter is how long after the last rotation Alive goes on writing: until the
// grace of that one is certainly over. A server where nobody refreshes writes
// nothing.
const aliveAfter = 10*time.Minute + aliveEvery

// Alive notes that this process is at work. Call it once a minute.
func (s *Store) Alive(ctx context.Context) error {
	now := s.base.instant()
	if now.Unix()-s.base.turned.Load() > int64(aliveAfter/time.Second) {
		return nil
	}
	_, err := update(ctx, s.base, func(tx kv.Txn) (struct{}, error) {
		return struct{}{}, s.base.alive.put(tx, &alive{At: now})
	})
	return err
}

// within reports whether something done at t is not longer ago than d, counting only
// time in which a server could be asked: what was done shortly before the last
// process ended counts from when this one began.
func (r run) within(t, now time.Time, d time.Duration) bool {
	if t.Before(r.began) && t.After(r.before.Add(-aliveEvery-d)) {
		t = r.began
	}
	return now.Sub(t) <= d
}
