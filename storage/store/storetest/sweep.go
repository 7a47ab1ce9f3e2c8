package storetest

import (
	"time"

	"latchkey/storage/store"
)

// Worked is a server at work for a time, which looks each quarter of an hour: how much
// its sweeper deleted, and whether it was paused at the end.
func (h *House) Worked(d time.Duration) (deleted int, paused bool) {
	h.T.Helper()
	s, pass := h.Sweeper()
	for ; d > 0; d -= 15 * time.Minute {
		pass(15 * time.Minute)
		deleted += h.Tick(s)
	}
	return deleted, s.Paused()
}

// Sweeper returns one, and its clock that is never set.
func (h *House) Sweeper() (*store.Sweeper, func(time.Duration)) {
	var mono time.Duration
	s := h.NewSweeper(func() store.Uptime { return store.Uptime{Awake: mono} })
	return s, func(d time.Duration) {
		mono += d
		h.Clock.Add(d)
	}
}

func (h *House) Tick(s *store.Sweeper) int {
	h.T.Helper()
	return Need(s.Tick(h.Ctx))(h)
}

// Pass ticks until a whole round deletes nothing.
func (h *House) Pass(s *store.Sweeper) (deleted int) {
	h.T.Helper()
	for {
		n := h.Tick(s)
		if deleted += n; n == 0 {
			return deleted
		}
	}
}
