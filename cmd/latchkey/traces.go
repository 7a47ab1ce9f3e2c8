package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

const (
	tracerName = "latchkey"
	tracesPath = "/v1/traces" // below an endpoint, as OTLP/HTTP has it
	flushMost  = 3 * time.Second
)

// Variables of OpenTelemetry that decide whether there are traces at all. All others
// are the SDK's to read: sampler, queue, headers, certificates, service name.
const (
	otelEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otelTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	otelExporter       = "OTEL_TRACES_EXPORTER"
	otelDisabled       = "OTEL_SDK_DISABLED"
	otelProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	otelTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	otelSpeaks         = "http/protobuf"
)

// traces is where spans are made and sent from, by OpenTelemetry. It holds nothing
// that was sent: names and attributes of spans are words of this program.
type traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	flush    time.Duration // at most, at a stop, for what has not been sent
}

// newTraces returns nil if no collector is configured. It does not look for the
// collector: one that does not answer is the log's matter, and never a request's.
func newTraces(ctx context.Context, c *Config, log *slog.Logger) (*traces, error) {
	if !traced(c) {
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, collector(c)...)
	if err != nil {
		return nil, fmt.Errorf("traces_endpoint (%s): %w", c.source("traces_endpoint"), err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("latchkey"), semconv.ServiceVersion(versionOf().Version)),
		resource.WithFromEnv()) // last, so that it wins
	if err != nil {
		log.Warn("OTEL_RESOURCE_ATTRIBUTES is not understood", "cause", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithResource(about),
		sdk.WithBatcher(&courier{SpanExporter: exporter, log: log, now: time.Now}))
	return tracesBy(provider), nil
}

// tracesBy are traces that this provider makes and sends.
func tracesBy(provider *sdk.TracerProvider) *traces {
	return &traces{provider: provider, tracer: provider.Tracer(tracerName), flush: flushMost}
}

// install shows the provider to zitadel/oidc, which asks OpenTelemetry's global one,
// and takes what OpenTelemetry complains of, a sampler it does not know for example,
// into the log. It returns what stops it.
func (t *traces) install(log *slog.Logger, c *Config) (stop func()) {
	if t == nil {
		return func() {}
	}
	log.Info("tracing", "to", tracesTo(c))
	if other := otherProtocol(c); other != "" {
		log.Warn("traces are sent by OTLP over HTTP only ("+otelSpeaks+", at most collectors on port 4318)", "asked", other)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "cause", err) }))
	otel.SetTracerProvider(t.provider)
	return func() { t.stop(log) }
}

// stop sends what is left. A collector that does not answer cannot hold it up.
func (t *traces) stop(log *slog.Logger) {
	ctx, giveUp := context.WithTimeout(context.Background(), t.flush)
	defer giveUp()
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Warn("some spans were not sent", "cause", err)
	}
}

// traced reports whether a collector is configured.
func traced(c *Config) bool {
	switch {
	case c.TracesEndpoint != "":
		return true
	case strings.EqualFold(c.otel[otelDisabled], "true"), strings.EqualFold(c.otel[otelExporter], "none"):
		return false
	}
	return c.otel[otelEndpoint] != "" || c.otel[otelTracesEndpoint] != ""
}

// collector is where spans go, as far as Latchkey's own setting says.
func collector(c *Config) []otlptracehttp.Option {
	if c.TracesEndpoint == "" {
		return nil
	}
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL(strings.TrimSuffix(c.TracesEndpoint, "/") + tracesPath)}
}

// tracesTo is the collector in words.
func tracesTo(c *Config) string {
	for _, to := range []string{c.TracesEndpoint, c.otel[otelTracesEndpoint], c.otel[otelEndpoint]} {
		if to != "" {
			return to
		}
	}
	return ""
}

// otherProtocol is the protocol that the environment asks for and that is not spoken
// here, or "".
func otherProtocol(c *Config) string {
	for _, name := range []string{otelTracesProtocol, otelProtocol} {
		if p := c.otel[name]; p != "" {
			if p == otelSpeaks {
				return ""
			}
			return name + "=" + p
		}
	}
	return ""
}
