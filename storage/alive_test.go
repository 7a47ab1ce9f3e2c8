package storage

import (
	"testing"
	"time"

	"latchkey/storage/memory"
)

// rotated is a grant whose first refresh token was replaced a moment ago.
func (h *house) rotated() *Grant {
	h.t.Helper()
	g := h.refreshable()
	if out := h.refresh(g, 0); out.Generation != 1 {
		h.t.Fatalf("%+v", out)
	}
	return g
}

// serve lets a server be at work for a time, with its job once a minute.
func (h *house) serve(minutes int) {
	h.t.Helper()
	for range minutes {
		h.clock.add(time.Minute)
		h.ok(h.Alive(h.ctx))
	}
}

func (h *house) graceOf(seconds uint32) {
	h.t.Helper()
	set := h.settings()
	set.Lifetimes.RefreshGrace = seconds
	h.ok(h.Settings.Set(h.ctx, Operator, set))
}

// Of two who refresh at once the one with the later instant may have the first turn.
func TestARefreshThatAnotherOvertookIsWithinItsGrace(t *testing.T) {
	h := newHouse(t)
	h.clock.add(time.Hour) // the server is no new one
	g := h.rotated()
	h.clock.add(-2 * time.Second)
	if out := h.refresh(g, 0); out.Access == nil || out.Generation != 1 {
		t.Errorf("%+v", out)
	}
}

func TestAGraceThatIsOverStaysOverWhenAServerStarts(t *testing.T) {
	for name, live := range map[string]func(*house) *house{
		"at once": func(h *house) *house { h.serve(2); return h },
		"a restart later, when nobody refreshes": func(h *house) *house {
			h.ok(h.Alive(h.ctx))
			h = h.reopened(t)
			h.serve(30)
			return h
		},
		"the longest grace": func(h *house) *house {
			h.graceOf(600)
			h.clock.add(-30 * time.Second) // between two minutes
			h.serve(20)
			return h
		},
	} {
		h := newHouse(t)
		g := h.rotated()
		h = live(h)
		h.clock.add(day)
		h = h.reopened(t)
		if out := h.refresh(g, 0); out.Refused != RefusedTheft {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// The grace is counted in time that a server was up. A clock that is set is no time that
// passes: it neither takes the grace away nor keeps it open.
func TestAClockThatIsSetIsNoTheftAndNoLongerGrace(t *testing.T) {
	for _, jump := range []time.Duration{10 * time.Minute, 30 * time.Hour, -10 * time.Minute, -30 * time.Hour, -365 * day} {
		var up time.Duration
		h := houseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}), Options{Uptime: func() time.Duration { return up }})
		pass := func(d time.Duration) {
			for range d / time.Second {
				up += time.Second
				h.clock.add(time.Second)
				if up%time.Minute == 0 {
					h.ok(h.Alive(h.ctx))
				}
			}
		}
		g := h.rotated()
		pass(50 * time.Second)
		h.clock.add(jump)
		if out := h.refresh(g, 0); out.Access == nil || out.Generation != 1 {
			t.Errorf("set by %v: %+v", jump, out)
		}
		pass(61 * time.Second)
		if out := h.refresh(g, 0); out.Refused != RefusedTheft {
			t.Errorf("set by %v, and a minute later: %+v", jump, out)
		}
	}
}

// What was over before the clock was set back is not within its grace again.
func TestSettingTheClockBackOpensNoGrace(t *testing.T) {
	var up time.Duration
	h := houseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}), Options{Uptime: func() time.Duration { return up }})
	g := h.rotated()
	for range 10 {
		up += time.Minute
		h.serve(1)
	}
	h.clock.add(-day)
	if out := h.refresh(g, 0); out.Refused != RefusedTheft {
		t.Errorf("%+v", out)
	}
}

func TestAClockThatWasSetBackBetweenTwoServersKeepsNoGraceOpen(t *testing.T) {
	h := newHouse(t)
	g := h.rotated()
	h.ok(h.Alive(h.ctx))
	h.clock.add(-day)
	h = h.reopened(t)
	if out := h.refresh(g, 0); out.Access == nil {
		t.Errorf("at once: %+v", out)
	}
	h.clock.add(61 * time.Second)
	if out := h.refresh(g, 0); out.Refused != RefusedTheft {
		t.Errorf("a minute later: %+v", out)
	}
}

// A clock that is set after a rotation is no reason to stop saying that this one is at work.
func TestAGraceThatIsOverStaysOverWhenTheClockWasSetAndAServerStarts(t *testing.T) {
	var up time.Duration
	h := houseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}), Options{Uptime: func() time.Duration { return up }})
	g := h.rotated()
	h.ok(h.Alive(h.ctx))
	h.clock.add(time.Hour)
	for range 5 {
		up += time.Minute
		h.serve(1)
	}
	h = h.reopened(t)
	if out := h.refresh(g, 0); out.Refused != RefusedTheft {
		t.Errorf("%+v", out)
	}
}

func TestAliveWritesOnlyWhileItMatters(t *testing.T) {
	h := newHouse(t)
	wrote := func(what string, want uint64, call func()) {
		t.Helper()
		if n := h.commits(call); n != want {
			t.Errorf("%s it wrote %d times, want %d", what, n, want)
		}
	}
	wrote("nobody refreshed, and", 0, func() { h.serve(30) })
	h.refresh(h.refreshable(), 0)
	wrote("after a refresh", 13, func() { h.serve(60) })
	wrote("an hour later", 0, func() { h.serve(60) })
	h = h.reopened(t) // which begins the grace of what was rotated last anew
	wrote("after a start", 13, func() { h.serve(60) })
}
