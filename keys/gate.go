package keys

import (
	"context"
	"math"
	"sync/atomic"
)

// gate lets a number of callers through at once and a number wait, in order.
type gate struct {
	slots chan struct{}
	taken atomic.Int64 // places: of those let through, those who wait, and those who may
	most  int64
}

func newGate(slots int, queue int64) *gate {
	return &gate{slots: make(chan struct{}, slots), most: queue + min(int64(slots), math.MaxInt64-queue)}
}

// reserve takes a place, or returns ErrBusy if there is none. After nil the caller
// owes a free.
func (g *gate) reserve() error {
	if g.taken.Add(1) > g.most {
		g.free()
		return ErrBusy
	}
	return nil
}

func (g *gate) free() { g.taken.Add(-1) }

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

// enter takes a place and waits for a slot. It returns ErrBusy if too many wait
// already, or the cause of ctx ending. After nil the caller owes a leave.
func (g *gate) enter(ctx context.Context, span Span) error {
	if err := g.reserve(); err != nil {
		return err
	}
	err := g.pass(ctx, span)
	if err != nil {
		g.free()
	}
	return err
}

func (g *gate) leave() {
	g.done()
	g.free()
}
