package policy_test

import (
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

// short pins lifetimes by which a session ends that the default keeps alive.
func short(s *policy.Settings) { s.Lifetimes.SessionIdle, s.Lifetimes.SessionAbsolute = 3600, 3600 }

// Whoever mistypes a lifetime has a day to take it back, wherever it was typed.
func TestALifetimeDeletesNothingBeforeItHasStoodForADayWhoeverSetIt(t *testing.T) {
	set := func(h *storetest.House, change func(*policy.Settings)) {
		s := h.SettingsNow()
		change(&s)
		h.Ok(h.Settings.Set(h.Ctx, storage.Operator, s))
	}
	long := func(s *policy.Settings) { s.Lifetimes = policy.DefaultSettings().Lifetimes }
	for name, change := range map[string]func(*testing.T, *storetest.House) *storetest.House{
		"a change": func(_ *testing.T, h *storetest.House) *storetest.House { set(h, short); return h },
		"a change, and a restart": func(t *testing.T, h *storetest.House) *storetest.House {
			set(h, short)
			return h.Restarted(t, nil)
		},
		"a pin": func(t *testing.T, h *storetest.House) *storetest.House { return h.Restarted(t, short) },
		"a pin that goes": func(t *testing.T, h *storetest.House) *storetest.House {
			set(h, short)
			h = h.Restarted(t, long)
			h.Clock.Add(30 * time.Hour)
			return h.Restarted(t, nil)
		},
		"a pin of what stood before a change": func(t *testing.T, h *storetest.House) *storetest.House {
			set(h, short)
			h = h.Restarted(t, nil)
			set(h, long)
			h.Clock.Add(30 * time.Hour)
			return h.Restarted(t, short)
		},
		"a version that did not note it": func(t *testing.T, h *storetest.House) *storetest.House {
			set(h, short)
			h.Clock.Add(30 * time.Hour)
			h.Plant(func(f *store.Floors, w storetest.Writer) error { return w.Delete(f.Policy.Served.FullKey(nil)) })
			return h.Restarted(t, nil)
		},
		"a clock that was ahead": func(t *testing.T, h *storetest.House) *storetest.House {
			h.Clock.Add(365 * storetest.Day)
			h = h.Restarted(t, short)
			h.Clock.Add(-365 * storetest.Day)
			return h.Restarted(t, short)
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
				h.SignIn(h.User("ada"))
				h.Clock.Add(3 * storetest.Day)
				h = change(t, h)
				for range 23 { // to be started again does not begin the day anew
					h.Clock.Add(time.Hour)
					h = h.Restarted(t, h.Floors.Policy.Pin)
					if s, _ := h.Sweeper(); h.Pass(s) != 0 || h.Count(table.SpaceSessions) != 1 {
						t.Fatal("it deletes within the day")
					}
				}
				h.Clock.Add(time.Hour + time.Second)
				if s, _ := h.Sweeper(); h.Pass(s) == 0 || h.Count(table.SpaceSessions) != 0 {
					t.Error("it never deletes")
				}
				h.Sound()
			})
		})
	}
}

// What is not changed writes nothing: a start must work on a full disk, too.
func TestAStartThatFindsTheSameTermsWritesNothing(t *testing.T) {
	h := storetest.NewHouse(t).Restarted(t, short)
	before := h.Engine.Commits()
	h.Clock.Add(time.Hour)
	h = h.Restarted(t, short)
	if n := h.Engine.Commits() - before; n != 0 {
		t.Errorf("%d commits", n)
	}
	if got := storetest.NewHouse(t).SettingsNow(); got.Changed != 0 {
		t.Errorf("a new store's settings changed at %d", got.Changed)
	}
}
