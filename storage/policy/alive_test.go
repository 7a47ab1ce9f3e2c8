package policy_test

import (
	"testing"
	"time"

	"latchkey/storage/grants"
	"latchkey/storage/memory"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
)

// Of two who refresh at once the one with the later instant may have the first turn.
func TestARefreshThatAnotherOvertookIsWithinItsGrace(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Clock.Add(time.Hour) // the server is no new one
	g := h.Rotated()
	h.Clock.Add(-2 * time.Second)
	if out := h.Refresh(g, 0); out.Access == nil || out.Generation != 1 {
		t.Errorf("%+v", out)
	}
}

func TestAGraceThatIsOverStaysOverWhenAServerStarts(t *testing.T) {
	for name, live := range map[string]func(*storetest.House) *storetest.House{
		"at once": func(h *storetest.House) *storetest.House { h.KeepAlive(2); return h },
		"a restart later, when nobody refreshes": func(h *storetest.House) *storetest.House {
			h.Ok(h.Alive(h.Ctx))
			h = h.Reopened(t)
			h.KeepAlive(30)
			return h
		},
		"the longest grace": func(h *storetest.House) *storetest.House {
			h.GraceOf(600)
			h.Clock.Add(-30 * time.Second) // between two minutes
			h.KeepAlive(20)
			return h
		},
	} {
		h := storetest.NewHouse(t)
		g := h.Rotated()
		h = live(h)
		h.Clock.Add(storetest.Day)
		h = h.Reopened(t)
		if out := h.Refresh(g, 0); out.Refused != grants.RefusedTheft {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// The grace is counted in time that a server was up. A clock that is set is no time that
// passes: it neither takes the grace away nor keeps it open.
func TestAClockThatIsSetIsNoTheftAndNoLongerGrace(t *testing.T) {
	for _, jump := range []time.Duration{10 * time.Minute, 30 * time.Hour, -10 * time.Minute, -30 * time.Hour,
		-365 * storetest.Day} {
		var up time.Duration
		h := storetest.HouseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}),
			store.Options{Uptime: func() time.Duration { return up }})
		pass := func(d time.Duration) {
			for range d / time.Second {
				up += time.Second
				h.Clock.Add(time.Second)
				if up%time.Minute == 0 {
					h.Ok(h.Alive(h.Ctx))
				}
			}
		}
		g := h.Rotated()
		pass(50 * time.Second)
		h.Clock.Add(jump)
		if out := h.Refresh(g, 0); out.Access == nil || out.Generation != 1 {
			t.Errorf("set by %v: %+v", jump, out)
		}
		pass(61 * time.Second)
		if out := h.Refresh(g, 0); out.Refused != grants.RefusedTheft {
			t.Errorf("set by %v, and a minute later: %+v", jump, out)
		}
	}
}

// What was over before the clock was set back is not within its grace again.
func TestSettingTheClockBackOpensNoGrace(t *testing.T) {
	var up time.Duration
	h := storetest.HouseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}),
		store.Options{Uptime: func() time.Duration { return up }})
	g := h.Rotated()
	for range 10 {
		up += time.Minute
		h.KeepAlive(1)
	}
	h.Clock.Add(-storetest.Day)
	if out := h.Refresh(g, 0); out.Refused != grants.RefusedTheft {
		t.Errorf("%+v", out)
	}
}

func TestAClockThatWasSetBackBetweenTwoServersKeepsNoGraceOpen(t *testing.T) {
	h := storetest.NewHouse(t)
	g := h.Rotated()
	h.Ok(h.Alive(h.Ctx))
	h.Clock.Add(-storetest.Day)
	h = h.Reopened(t)
	if out := h.Refresh(g, 0); out.Access == nil {
		t.Errorf("at once: %+v", out)
	}
	h.Clock.Add(61 * time.Second)
	if out := h.Refresh(g, 0); out.Refused != grants.RefusedTheft {
		t.Errorf("a minute later: %+v", out)
	}
}

// A clock that is set after a rotation is no reason to stop saying that this one is at work.
func TestAGraceThatIsOverStaysOverWhenTheClockWasSetAndAServerStarts(t *testing.T) {
	var up time.Duration
	h := storetest.HouseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}),
		store.Options{Uptime: func() time.Duration { return up }})
	g := h.Rotated()
	h.Ok(h.Alive(h.Ctx))
	h.Clock.Add(time.Hour)
	for range 5 {
		up += time.Minute
		h.KeepAlive(1)
	}
	h = h.Reopened(t)
	if out := h.Refresh(g, 0); out.Refused != grants.RefusedTheft {
		t.Errorf("%+v", out)
	}
}

func TestAliveWritesOnlyWhileItMatters(t *testing.T) {
	h := storetest.NewHouse(t)
	wrote := func(what string, want uint64, call func()) {
		t.Helper()
		if n := h.Commits(call); n != want {
			t.Errorf("%s it wrote %d times, want %d", what, n, want)
		}
	}
	wrote("nobody refreshed, and", 0, func() { h.KeepAlive(30) })
	h.Refresh(h.Refreshable(), 0)
	wrote("after a refresh", 13, func() { h.KeepAlive(60) })
	wrote("an hour later", 0, func() { h.KeepAlive(60) })
	h = h.Reopened(t) // which begins the grace of what was rotated last anew
	wrote("after a start", 13, func() { h.KeepAlive(60) })
}
