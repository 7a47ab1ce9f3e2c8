package keys

import (
	"context"
	"math"
	"net/netip"
	"sync"
)

// gate lets a number of callers through at once and a number wait, in order. Whoever
// comes from an address that holds as many places as are left free gets no other: one
// address fills half of them at most, two a third each, and whoever comes from another
// finds one. A single address, be it an office's or a campus's, has that half for itself.
type gate struct {
	slots chan struct{}
	most  int64

	mu    sync.Mutex
	taken int64                  // places: of those let through, those who wait, and those who may
	held  map[netip.Prefix]int64 // of these, by each address that holds any
}

func newGate(slots int, queue int64) *gate {
	return &gate{slots: make(chan struct{}, slots), held: make(map[netip.Prefix]int64),
		most: queue + min(int64(slots), math.MaxInt64-queue)}
}

// reserve takes a place for a caller from an address (the zero Prefix: from none, and
// bound by no share), or returns ErrBusy if there is none. After nil the caller owes a
// free.
func (g *gate) reserve(from netip.Prefix) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	left := g.most - g.taken
	if left == 0 || from.IsValid() && g.held[from] >= left {
		return ErrBusy
	}
	g.taken++
	if from.IsValid() {
		g.held[from]++
	}
	return nil
}

func (g *gate) free(from netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken--
	if !from.IsValid() {
		return
	}
	if g.held[from]--; g.held[from] == 0 {
		delete(g.held, from)
	}
}

// pass waits, with a place in hand and within a span, for a slot. It returns the cause
// of ctx ending. After nil the caller owes a done.
func (g *gate) pass(ctx context.Context, span Span) error {
	defer span.begin(ctx, spanWait)()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *gate) done() { <-g.slots }

// enter takes a place and waits for a slot. It returns ErrBusy if there is no place, or
// the cause of ctx ending. After nil the caller owes a leave.
func (g *gate) enter(ctx context.Context, from netip.Prefix, span Span) error {
	if err := g.reserve(from); err != nil {
		return err
	}
	err := g.pass(ctx, span)
	if err != nil {
		g.free(from)
	}
	return err
}

func (g *gate) leave(from netip.Prefix) {
	g.done()
	g.free(from)
}

// neighbours are the addresses that count as one, for whoever has one of them has all: of
// IPv6 a /64, a single network (RFC 4291 section 2.5.4), of IPv4 the address alone. The
// zero Addr has the zero Prefix, and so has this machine's own: there it is the operator,
// or a proxy that is not trusted, which makes one address of all callers.
func neighbours(a netip.Addr) netip.Prefix {
	if a = a.Unmap(); a.IsLoopback() {
		return netip.Prefix{}
	}
	p, _ := a.Prefix(min(a.BitLen(), 64)) // no address has fewer bits than that asks for
	return p
}
