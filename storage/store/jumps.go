package store

import (
	"sync"
	"time"

	"latchkey/storage/apps"
	"latchkey/storage/table"
)

// Uptime is how long a process has been running, by a clock that nobody sets.
type Uptime struct {
	Awake time.Duration
	// Asleep is how long the machine was asleep meanwhile, as far as the system can tell:
	// it goes by the clock that a battery keeps. 0 where it tells nothing.
	Asleep time.Duration
}

func (u Uptime) total() time.Duration { return u.Awake + u.Asleep }

const (
	// jumpLeast is how far wall clock and uptime may part before the wall clock is
	// taken to have jumped.
	minJump = 5 * time.Minute
	// sleepMost is how long a sleep is believed. The clock that a battery keeps may be
	// wrong, and then both the wall clock and the length of the sleep are. What is
	// deleted must have been over for as long, so that no error within it matters.
	maxSleep = table.SweepMargin
	// sleepRest is for the wall clock to be mended after a sleep, which is a jump, before
	// it is believed: what has the shortest margin has this one.
	sleepRest = apps.AssertionMargin
)

// jumps watches the wall clock by one that nobody sets. Nobody can tell here which of the
// times before and after a jump was right, but a person who sees that the clock is wrong
// has a day to mend it.
type jumps struct {
	now    func() time.Time
	uptime func() Uptime

	mu     sync.Mutex    // over what follows
	wall   time.Time     // both clocks when they were last taken to agree:
	at     Uptime        // at the start, and after each jump
	asleep time.Duration // at the last look
	resume time.Duration // awake, so that a night is not part of anybody's day
}

func newJumps(now func() time.Time, uptime func() Uptime) jumps {
	at := uptime()
	return jumps{now: now, uptime: uptime, wall: now().Round(0), at: at, asleep: at.Asleep, resume: at.Awake}
}

// pause makes a pause of that length, unless there is a longer one.
func (j *jumps) pause(d time.Duration) { j.resume = max(j.resume, j.at.Awake+d) }

// remaining is how long a pause goes on; 0: there is none.
func (j *jumps) remaining() time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	wall, at := j.now().Round(0), j.uptime()
	drift, slept := wall.Sub(j.wall)-(at.total()-j.at.total()), at.Asleep-j.asleep
	j.asleep = at.Asleep
	switch {
	case drift.Abs() > minJump, slept > maxSleep:
		j.wall, j.at, j.resume = wall, at, at.Awake+table.SweepMargin
	case slept > minJump:
		j.resume = max(j.resume, at.Awake+sleepRest)
	}
	return max(0, j.resume-at.Awake)
}
