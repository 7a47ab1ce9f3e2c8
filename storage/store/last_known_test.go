package store_test

import (
	"testing"
	"time"

	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestAStartWhileTheClockIsAheadErasesNothingForADay(t *testing.T) {
	h := storetest.NewHouse(t)
	h.User("ada")
	h.Worked(3 * time.Hour)
	events := h.Count(table.SpaceAudit)
	right := h.Clock.Now()
	start := func(what string, ahead bool) *storetest.House {
		t.Helper()
		again := h.Reopened(t)
		last, until := again.LastKnown()
		if got := !last.IsZero(); got != ahead || got &&
			(last.After(right) || right.Sub(last) > store.KnownEvery || !until.After(h.Clock.Now())) {
			t.Errorf("%s: last known %v, paused until %v", what, last, until)
		}
		return again
	}
	h.Clock.Add(400 * storetest.Day)
	if deleted, paused := start("ahead", true).Worked(9 * time.Hour); deleted > 0 || !paused {
		t.Errorf("ahead: deleted %d, paused %v", deleted, paused)
	}
	if deleted, paused := start("a restart", false).Worked(14 * time.Hour); deleted > 0 || !paused {
		t.Errorf("a restart: deleted %d, paused %v", deleted, paused)
	}
	if n := h.Count(table.SpaceAudit); n != events {
		t.Errorf("%d events of %d are left", n, events)
	}
	if deleted, paused := start("a day", false).Worked(2 * time.Hour); deleted == 0 || paused {
		t.Errorf("a day later: deleted %d, paused %v", deleted, paused)
	}
	// Mended, and ahead again.
	h.Clock.Add(right.Sub(h.Clock.Now()))
	if _, paused := start("mended", false).Worked(time.Hour); paused {
		t.Error("mended: paused")
	}
	right = h.Clock.Now()
	h.Clock.Add(400 * storetest.Day)
	start("ahead again", true)
}

// A jump within a process is not forgotten by the next one.
func TestAPauseOutlivesARestart(t *testing.T) {
	h := storetest.NewHouse(t)
	s, pass := h.Sweeper()
	h.Tick(s)
	pass(time.Hour)
	h.Clock.Add(400 * storetest.Day)
	h.Tick(s)
	if _, paused := h.Reopened(t).Worked(time.Hour); !paused {
		t.Error("not paused")
	}
}

func TestAServerThatIsOffAtNightAndOnWeekendsSweeps(t *testing.T) {
	h := storetest.NewHouse(t)
	for d := range 15 {
		if weekday := d % 7; weekday < 5 {
			_, paused := h.Reopened(t).Worked(9 * time.Hour)
			if monday := d > 0 && weekday == 0; paused != monday {
				t.Errorf("day %d: paused %v", d, paused)
			}
			h.Clock.Add(15 * time.Hour)
		} else {
			h.Clock.Add(storetest.Day)
		}
	}
}
