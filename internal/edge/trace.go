package edge

import (
	"context"
	"net/http"
)

// A Tracer follows exchanges for a trace. Like an [Observer] it hears nothing that
// was sent, except the trace that a trusted proxy says an exchange belongs to.
type Tracer interface {
	// Begin begins the span of an exchange. What happens within it gets the context
	// returned. traceparent and tracestate are the headers of W3C Trace Context as a
	// trusted proxy sent them. From anybody else they are empty, and the span is the
	// root of a trace: a stranger chooses neither ids nor what is sampled.
	Begin(ctx context.Context, method, traceparent, tracestate string) (context.Context, Span)
}

// A Span is an exchange within its trace.
type Span interface {
	// TraceID is what the log record says; empty for none.
	TraceID() string
	// End hears how the exchange ended, once.
	End(Ended)
}

// Ended is how an exchange ended.
type Ended struct {
	Route     string // the matched template, empty when none matched
	Method    string // one that HTTP knows, or "other"
	Scheme    string // "https" or "http", as the browser sees it
	RequestID string
	Status    int
	Failed    bool // 5xx, or the answer broke off
}

// begin begins the exchange's span, if there is a tracer.
func (e *Edge) begin(ctx context.Context, r *http.Request, x *exchange) context.Context {
	if e.opts.Tracer == nil {
		return ctx
	}
	var parent, state string
	if x.origin.viaProxy {
		parent, state = r.Header.Get("Traceparent"), r.Header.Get("Tracestate")
	}
	ctx, x.span = e.opts.Tracer.Begin(ctx, knownMethod(r.Method), parent, state)
	return ctx
}

// end ends the exchange's span, if there is one.
func (x *exchange) end(r *http.Request, status int) {
	if x.span == nil {
		return
	}
	x.mu.Lock()
	ended := Ended{Route: x.route, Method: knownMethod(r.Method), Scheme: x.origin.scheme, RequestID: x.id,
		Status: status, Failed: status >= 500 || x.panicked != ""}
	x.mu.Unlock()
	x.span.End(ended)
}

// traceID is the id of the trace the exchange belongs to, empty for none.
func (x *exchange) traceID() string {
	if x.span == nil {
		return ""
	}
	return x.span.TraceID()
}
