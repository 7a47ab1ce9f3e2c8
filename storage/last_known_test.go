package storage

import (
	"testing"
	"time"
)

// worked is a server at work for a time, which looks each quarter of an hour: how much
// its sweeper deleted, and whether it was paused at the end.
func (h *house) worked(d time.Duration) (deleted int, paused bool) {
	h.t.Helper()
	s, pass := h.sweeper()
	for ; d > 0; d -= 15 * time.Minute {
		pass(15 * time.Minute)
		deleted += h.tick(s)
	}
	return deleted, s.Paused()
}

func TestAStartWhileTheClockIsAheadErasesNothingForADay(t *testing.T) {
	h := newHouse(t)
	h.user("ada")
	h.worked(3 * time.Hour)
	events := h.count(spaceAudit)
	right := h.clock.Now()
	start := func(what string, ahead bool) *house {
		t.Helper()
		again := h.reopened(t)
		last, until := again.LastKnown()
		if got := !last.IsZero(); got != ahead || got && (last.After(right) || right.Sub(last) > knownEvery || !until.After(h.clock.Now())) {
			t.Errorf("%s: last known %v, paused until %v", what, last, until)
		}
		return again
	}
	h.clock.add(400 * day)
	if deleted, paused := start("ahead", true).worked(9 * time.Hour); deleted > 0 || !paused {
		t.Errorf("ahead: deleted %d, paused %v", deleted, paused)
	}
	if deleted, paused := start("a restart", false).worked(14 * time.Hour); deleted > 0 || !paused {
		t.Errorf("a restart: deleted %d, paused %v", deleted, paused)
	}
	if n := h.count(spaceAudit); n != events {
		t.Errorf("%d events of %d are left", n, events)
	}
	if deleted, paused := start("a day", false).worked(2 * time.Hour); deleted == 0 || paused {
		t.Errorf("a day later: deleted %d, paused %v", deleted, paused)
	}
	// Mended, and ahead again.
	h.clock.add(right.Sub(h.clock.Now()))
	if _, paused := start("mended", false).worked(time.Hour); paused {
		t.Error("mended: paused")
	}
	right = h.clock.Now()
	h.clock.add(400 * day)
	start("ahead again", true)
}

// A jump within a process is not forgotten by the next one.
func TestAPauseOutlivesARestart(t *testing.T) {
	h := newHouse(t)
	s, pass := h.sweeper()
	h.tick(s)
	pass(time.Hour)
	h.clock.add(400 * day)
	h.tick(s)
	if _, paused := h.reopened(t).worked(time.Hour); !paused {
		t.Error("not paused")
	}
}

func TestAServerThatIsOffAtNightAndOnWeekendsSweeps(t *testing.T) {
	h := newHouse(t)
	for d := range 15 {
		if weekday := d % 7; weekday < 5 {
			_, paused := h.reopened(t).worked(9 * time.Hour)
			if monday := d > 0 && weekday == 0; paused != monday {
				t.Errorf("day %d: paused %v", d, paused)
			}
			h.clock.add(15 * time.Hour)
		} else {
			h.clock.add(day)
		}
	}
}
