package store

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// machine is a wall clock and an uptime.
type machine struct {
	wall time.Time
	up   Uptime
}

func (m *machine) watch() *jumps {
	j := newJumps(func() time.Time { return m.wall }, func() Uptime { return m.up })
	return &j
}

func (m *machine) work(d time.Duration) { m.wall, m.up.Awake = m.wall.Add(d), m.up.Awake+d }

func (m *machine) sleep(d time.Duration) { m.wall, m.up.Asleep = m.wall.Add(d), m.up.Asleep+d }

// awake looks each minute, as jobs do, and returns for how long it was paused.
func (m *machine) awake(j *jumps, d time.Duration) (paused time.Duration) {
	for ; d > 0; d -= time.Minute {
		m.work(time.Minute)
		if j.remaining() > 0 {
			paused += time.Minute
		}
	}
	return paused
}

func TestAMachineThatSleepsAtNightSweepsByDay(t *testing.T) {
	m := &machine{wall: noon}
	j := m.watch()
	for range 10 {
		m.sleep(14 * time.Hour)
		if paused := m.awake(j, 10*time.Hour); paused < time.Hour-time.Minute || paused > time.Hour+time.Minute {
			t.Errorf("paused for %v of the day", paused)
		}
	}
}

// The kernel learns from the battery's clock both what time it is and how long it slept.
func TestAClockThatWasWrongAfterASleepDeletesNothingForADay(t *testing.T) {
	m := &machine{wall: noon}
	j := m.watch()
	m.awake(j, 48*time.Hour)
	m.sleep(365 * 24 * time.Hour)
	paused := m.awake(j, 10*time.Hour)
	m.sleep(14 * time.Hour) // a night is not part of the day in which somebody may see it
	if paused += m.awake(j, 30*time.Hour); paused < 24*time.Hour-time.Minute || paused > 24*time.Hour+time.Minute {
		t.Errorf("paused for %v", paused)
	}
	m.sleep(20 * time.Hour) // of which the clock is mended within the hour
	if paused := m.awake(j, 59*time.Minute); paused != 59*time.Minute {
		t.Errorf("paused for %v", paused)
	}
	m.wall = m.wall.Add(-19 * time.Hour)
	if paused := m.awake(j, 25*time.Hour); paused < 24*time.Hour-time.Minute || paused > 24*time.Hour+time.Minute {
		t.Errorf("mended, paused for %v", paused)
	}
}

func TestASleepThatTheSystemDoesNotTellOfIsAJump(t *testing.T) {
	m := &machine{wall: noon}
	j := m.watch()
	m.wall = m.wall.Add(14 * time.Hour)
	if paused := m.awake(j, 30*time.Hour); paused < 24*time.Hour-time.Minute || paused > 24*time.Hour+time.Minute {
		t.Errorf("paused for %v", paused)
	}
}
