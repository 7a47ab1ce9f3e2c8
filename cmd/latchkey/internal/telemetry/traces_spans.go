package telemetry

import (
	"context"
	"strconv"

	"latchkey/internal/edge"
	"latchkey/keys"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

var _ edge.Tracer = (*Traces)(nil)

// Begin implements edge.Tracer.
func (t *Traces) Begin(ctx context.Context, method, traceparent, tracestate string) (context.Context, edge.Span) {
	if traceparent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx,
			propagation.MapCarrier{"traceparent": traceparent, "tracestate": tracestate})
	}
	ctx, span := t.tracer.Start(ctx, spanMethod(method), trace.WithSpanKind(trace.SpanKindServer))
	return ctx, requestSpan{span}
}

// requestSpan is an exchange's span, with the attributes that OpenTelemetry's
// conventions for HTTP servers name, save those that repeat what was sent.
type requestSpan struct{ trace.Span }

// TraceID implements edge.Span.
func (s requestSpan) TraceID() string { return s.SpanContext().TraceID().String() }

// End implements edge.Span.
func (s requestSpan) End(e edge.Ended) {
	s.SetAttributes(semconv.HTTPRequestMethodKey.String(conventional(e.Method)), semconv.URLScheme(e.Scheme),
		semconv.HTTPResponseStatusCode(e.Status), attribute.String("latchkey.request_id", e.RequestID))
	if e.Route != "" {
		s.SetName(spanMethod(e.Method) + " " + e.Route)
		s.SetAttributes(semconv.HTTPRoute(e.Route))
	}
	if e.Failed {
		s.SetStatus(codes.Error, "")
		s.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(e.Status)))
	}
	s.Span.End()
}

// The conventions have their own words for a method that HTTP does not know.
const otherMethod = "other"

func conventional(method string) string {
	if method == otherMethod {
		return "_OTHER"
	}
	return method
}

func spanMethod(method string) string {
	if method == otherMethod {
		return "HTTP"
	}
	return method
}

// Spans is what keys are handed: without traces, nothing.
func (t *Traces) Spans() keys.Span {
	if t == nil {
		return nil
	}
	return t.span
}

// span is a keys.Span.
func (t *Traces) span(ctx context.Context, name string) (end func()) {
	if !recording(ctx) {
		return func() {}
	}
	_, span := t.tracer.Start(ctx, name)
	return func() { span.End() }
}

// recording reports whether what is done under ctx belongs to a span that is kept.
// What jobs do does not: a trace without a request would say little, often.
func recording(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }
