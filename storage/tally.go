package storage

import (
	"hash/maphash"
	"sync"
	"time"
)

// tallyMost is how many slots a tally has. Whoever fills so many, by attempts to sign in,
// that names of nobody wait at their first has found out which names somebody has: theirs
// do not. Each attempt costs a password hash, some fifty a second and core, so within one
// window nobody gets there.
const tallyMost = 1 << 17

// tally counts by names, in memory of a fixed size, and forgets when the process ends.
// Names share slots: the table cannot grow, and a shared slot only ever slows down.
type tally struct {
	mu    sync.Mutex
	once  sync.Once
	seed  maphash.Seed
	slots []slot
}

// slot is a counter without pointers, whose memory the collector need not look at.
type slot struct {
	failures    uint32
	start, last int64 // Unix seconds
}

func (s slot) counter() counter {
	return counter{Failures: s.failures, Start: time.Unix(s.start, 0), Last: time.Unix(s.last, 0)}
}

func (s *slot) count(t Throttle, now time.Time) time.Duration {
	c := s.counter()
	wait := c.count(t, now)
	*s = slot{failures: c.Failures, start: c.Start.Unix(), last: c.Last.Unix()}
	return wait
}

func (s *tally) count(name string, t Throttle, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slot(name).count(t, now)
}

// wait is what count would answer, and counts nothing.
func (s *tally) wait(name string, t Throttle, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slot(name).counter().wait(t, now)
}

// slot is a name's, to be used under the lock.
func (s *tally) slot(name string) *slot {
	s.once.Do(func() { s.seed, s.slots = maphash.MakeSeed(), make([]slot, tallyMost) })
	return &s.slots[maphash.String(s.seed, name)%tallyMost]
}
