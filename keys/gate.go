package keys

import (
	"context"
	"sync/atomic"
)

// gate lets a number of callers through at once and a number wait, in order.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
	queue   int64
}

func newGate(slots int, queue int64) *gate {
	return &gate{slots: make(chan struct{}, slots), queue: queue}
}

// enter waits for a slot. It returns ErrBusy if too many wait already, or the
// cause of ctx ending. After nil the caller owes a leave.
func (g *gate) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.queue {
		return ErrBusy
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// await is enter, within a span.
func (g *gate) await(ctx context.Context, span Span) error {
	defer span.begin(ctx, spanWait)()
	return g.enter(ctx)
}

func (g *gate) leave() { <-g.slots }
