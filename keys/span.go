package keys

import "context"

// A Span begins a span of the trace that ctx belongs to, if there is one, and returns
// what ends it. The names are those below: nothing that was sent. A nil Span traces
// nothing and costs nothing.
type Span func(ctx context.Context, name string) (end func())

// Names of spans. A signature's goes on with the algorithm.
const (
	spanWait = "keys.wait" // for a core
	spanHash = "keys.hash" // a password
	spanSign = "keys.sign "
)

func (s Span) begin(ctx context.Context, name string) (end func()) {
	if s == nil {
		return endNothing
	}
	return s(ctx, name)
}

func endNothing() {}
