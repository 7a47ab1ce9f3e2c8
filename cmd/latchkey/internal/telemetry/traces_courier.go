package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// Of a collector that does not take spans the log hears when that begins, then once
// in a while, and when it is over.
const (
	complainEvery = 10 * time.Minute
	complainMost  = 300 // bytes of what the collector, or the way to it, answers
)

// courier hands spans to the collector. Failures end here, in the log.
type courier struct {
	sdk.SpanExporter
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	lost int       // spans since the last word, while it fails
	said time.Time // the last word; zero while it works
}

// ExportSpans implements sdk.SpanExporter.
func (c *courier) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.works()
	} else {
		c.fails(err, len(spans))
	}
	return nil
}

func (c *courier) works() {
	if c.said.IsZero() {
		return
	}
	c.log.Info("the collector takes spans again", "lost", c.lost)
	c.lost, c.said = 0, time.Time{}
}

func (c *courier) fails(err error, spans int) {
	c.lost += spans
	now := c.now()
	if !c.said.IsZero() && now.Sub(c.said) < complainEvery {
		return
	}
	cause := err.Error()
	if len(cause) > complainMost {
		cause = cause[:complainMost] + "…"
	}
	c.log.Warn("the collector takes no spans; requests are not affected", "lost", c.lost, "cause", cause)
	c.lost, c.said = 0, now
}
