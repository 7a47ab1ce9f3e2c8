package limit

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

// Turns lets so many run at once. Those who wait take turns by their widest network: each
// network has one of its own let through before another has its second. So whoever comes
// alone waits for one turn of each of the others, however many wait there. Within a
// network it is first come, first served.
//
// It is start-time fair queueing: each who comes gets a number, one more than the last of
// its network or, if that is over, than the one that is being let through; the lowest
// number is next.
type Turns struct {
	mu      sync.Mutex
	free    int
	current uint64 // the number let through last
	waiting []*waiter
	last    map[netip.Prefix]uint64 // of each network that has somebody waiting
}

type waiter struct {
	network netip.Prefix
	number  uint64
	turn    chan struct{} // closed when it has come
}

// NewTurns lets n run at once.
func NewTurns(n int) *Turns { return &Turns{free: n, last: make(map[netip.Prefix]uint64)} }

// Wait waits for a turn of the caller, and returns the cause of ctx ending. After nil the
// caller owes a Done.
func (t *Turns) Wait(ctx context.Context, c Caller) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w := t.join(c)
	if w == nil {
		return nil
	}
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		t.leave(w)
		return context.Cause(ctx)
	}
}

// join returns nil if nobody has to be waited for.
func (t *Turns) join(c Caller) *waiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free > 0 {
		t.free--
		return nil
	}
	w := &waiter{turn: make(chan struct{})}
	if len(c.From) > 0 {
		w.network = c.From[0]
	}
	w.number = max(t.current, t.last[w.network]) + 1
	t.last[w.network] = w.number
	t.waiting = append(t.waiting, w)
	return w
}

// leave is for who no longer waits. If the turn came meanwhile, it is passed on.
func (t *Turns) leave(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, w); i >= 0 {
		t.remove(i)
		return
	}
	t.next()
}

// Done ends a turn.
func (t *Turns) Done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next()
}

func (t *Turns) next() {
	if len(t.waiting) == 0 {
		t.free++
		return
	}
	first := 0
	for i, w := range t.waiting { // few wait: Shares bounds them
		if w.number < t.waiting[first].number {
			first = i
		}
	}
	w := t.waiting[first]
	t.remove(first)
	t.current = w.number
	close(w.turn)
}

func (t *Turns) remove(i int) {
	network := t.waiting[i].network
	t.waiting = slices.Delete(t.waiting, i, i+1)
	if !slices.ContainsFunc(t.waiting, func(w *waiter) bool { return w.network == network }) {
		delete(t.last, network)
	}
}

// Waiting is how many wait. For tests.
func (t *Turns) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.waiting)
}
