package storage

import (
	"testing"
	"time"

	"latchkey/storage/kv/kvtest"
)

// restarted is the same data in a store of a process started anew, with pins.
func (h *house) restarted(t *testing.T, p func(*Settings)) *house {
	t.Helper()
	s, err := Open(t.Context(), kvtest.Strict(h.engine), Options{Now: h.clock.Now, Pin: p})
	if err != nil {
		t.Fatal(err)
	}
	again := *h
	again.Store = s
	return &again
}

// short pins lifetimes by which a session ends that the default keeps alive.
func short(s *Settings) { s.Lifetimes.SessionIdle, s.Lifetimes.SessionAbsolute = 3600, 3600 }

// Whoever mistypes a lifetime has a day to take it back, wherever it was typed.
func TestALifetimeDeletesNothingBeforeItHasStoodForADayWhoeverSetIt(t *testing.T) {
	set := func(h *house, change func(*Settings)) {
		s := h.settings()
		change(&s)
		h.ok(h.Settings.Set(h.ctx, Operator, s))
	}
	long := func(s *Settings) { s.Lifetimes = DefaultSettings().Lifetimes }
	for name, change := range map[string]func(*testing.T, *house) *house{
		"a change": func(_ *testing.T, h *house) *house { set(h, short); return h },
		"a change, and a restart": func(t *testing.T, h *house) *house {
			set(h, short)
			return h.restarted(t, nil)
		},
		"a pin": func(t *testing.T, h *house) *house { return h.restarted(t, short) },
		"a pin that goes": func(t *testing.T, h *house) *house {
			set(h, short)
			h = h.restarted(t, long)
			h.clock.add(30 * time.Hour)
			return h.restarted(t, nil)
		},
		"a pin of what stood before a change": func(t *testing.T, h *house) *house {
			set(h, short)
			h = h.restarted(t, nil)
			set(h, long)
			h.clock.add(30 * time.Hour)
			return h.restarted(t, short)
		},
		"a version that did not note it": func(t *testing.T, h *house) *house {
			set(h, short)
			h.clock.add(30 * time.Hour)
			h.plant(func(b *base, w writer) error { return w.Delete(b.served.full(nil)) })
			return h.restarted(t, nil)
		},
		"a clock that was ahead": func(t *testing.T, h *house) *house {
			h.clock.add(365 * day)
			h = h.restarted(t, short)
			h.clock.add(-365 * day)
			return h.restarted(t, short)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEngines(t, func(t *testing.T, h *house) {
				h.signIn(h.user("ada"))
				h.clock.add(3 * day)
				h = change(t, h)
				for range 23 { // to be started again does not begin the day anew
					h.clock.add(time.Hour)
					h = h.restarted(t, h.base.pin)
					if s, _ := h.sweeper(); h.pass(s) != 0 || h.count(spaceSessions) != 1 {
						t.Fatal("it deletes within the day")
					}
				}
				h.clock.add(time.Hour + time.Second)
				if s, _ := h.sweeper(); h.pass(s) == 0 || h.count(spaceSessions) != 0 {
					t.Error("it never deletes")
				}
				h.sound()
			})
		})
	}
}

// What is not changed writes nothing: a start must work on a full disk, too.
func TestAStartThatFindsTheSameTermsWritesNothing(t *testing.T) {
	h := newHouse(t).restarted(t, short)
	before := h.engine.Commits()
	h.clock.add(time.Hour)
	h = h.restarted(t, short)
	if n := h.engine.Commits() - before; n != 0 {
		t.Errorf("%d commits", n)
	}
	if got := newHouse(t).settings(); got.Changed != 0 {
		t.Errorf("a new store's settings changed at %d", got.Changed)
	}
}
