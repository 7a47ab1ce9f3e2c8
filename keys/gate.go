package keys

import (
	"context"

	"latchkey/internal/limit"
)

// gate lets a number of callers hash at once and a number wait. Who may wait is shared out
// by network, and so is whose turn it is.
type gate struct {
	turns  *limit.Turns
	shares *limit.Shares // of places: of those let through and those who wait
}

// newGate has so many slots and places to wait, of which every keep-th is for callers that
// are known; 0: none.
func newGate(slots, queue, keep int) *gate {
	g, kept := &gate{turns: limit.NewTurns(slots)}, 0
	if keep > 0 {
		kept = (slots + queue) / keep
	}
	g.shares = limit.NewShares(int64(slots+queue), int64(kept))
	return g
}

// reserve takes a place, or returns ErrBusy if there is none. After nil the caller owes a
// free.
func (g *gate) reserve(c limit.Caller) error {
	if !g.shares.Take(c, 1) {
		return ErrBusy
	}
	return nil
}

func (g *gate) free(c limit.Caller) { g.shares.Give(c, 1) }

// enter takes a place and waits for a slot. It returns ErrBusy if there is no place, or
// the cause of ctx ending. After nil the caller owes a leave.
func (g *gate) enter(ctx context.Context, c limit.Caller, span Span) error {
	if err := g.reserve(c); err != nil {
		return err
	}
	err := awaitTurn(ctx, g.turns, c, span)
	if err != nil {
		g.free(c)
	}
	return err
}

func (g *gate) leave(c limit.Caller) {
	g.turns.Done()
	g.free(c)
}

// awaitTurn waits, within a span, for a turn. It returns the cause of ctx ending. After nil the
// caller owes a Done.
func awaitTurn(ctx context.Context, turns *limit.Turns, c limit.Caller, span Span) error {
	defer span.begin(ctx, spanWait)()
	return turns.Wait(ctx, c)
}
