package limit

import (
	"net/netip"
	"sync"
)

// Shares divides what there is of something that is held for a while, such as places in a
// queue or bytes of memory. Whoever comes from a network that holds as much as is left
// free gets no more: one network fills half at most, two a third each, and whoever comes
// from another finds some. An office or a campus alone has that half for itself. All the
// networks of an address count (see Prefixes), so that a household with 256 networks of
// its own is one.
type Shares struct {
	most, kept int64

	mu    sync.Mutex
	taken int64
	held  map[netip.Prefix]int64
}

// NewShares divides most, of which kept is for callers that are known.
func NewShares(most, kept int64) *Shares {
	return &Shares{most: most, kept: kept, held: make(map[netip.Prefix]int64)}
}

// Caller is who takes. From is the networks of its address (see Prefixes); nil: none, and
// then only what is left bounds it. A known caller may have of what is kept as well.
type Caller struct {
	From  []netip.Prefix
	Known bool
}

// Take takes n for a caller, and reports whether it was there. If so the caller owes a
// Give.
func (s *Shares) Take(c Caller, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.most - s.taken
	if !c.Known {
		left -= s.kept
	}
	if n > left {
		return false
	}
	for _, p := range c.From {
		if s.held[p]+n > left {
			return false
		}
	}
	s.add(c, n)
	return true
}

// Give gives n back that the caller took.
func (s *Shares) Give(c Caller, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(c, -n)
}

func (s *Shares) add(c Caller, n int64) {
	s.taken += n
	for _, p := range c.From {
		if s.held[p] += n; s.held[p] == 0 {
			delete(s.held, p)
		}
	}
}

// Taken is how much is held by all. For tests.
func (s *Shares) Taken() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}
