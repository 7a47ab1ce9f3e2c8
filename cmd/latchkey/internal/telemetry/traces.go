package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/version"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

const (
	tracerName = "latchkey"
	flushMost  = 3 * time.Second
)

// Variables of OpenTelemetry that decide whether there are traces at all. All others
// are the SDK's to read: sampler, queue, headers, certificates, service name.
const (
	OtelEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otelTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	otelExporter       = "OTEL_TRACES_EXPORTER"
	otelDisabled       = "OTEL_SDK_DISABLED"
	OtelProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	otelTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	OtelSpeaks         = "http/protobuf"
)

// Traces is where spans are made and sent from, by OpenTelemetry. It holds nothing
// that was sent: names and attributes of spans are words of this program.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	flush    time.Duration // at most, at a stop, for what has not been sent
}

// NewTraces returns nil if no collector is configured. It does not look for the
// collector: one that does not answer is the log's matter, and never a request's.
func NewTraces(ctx context.Context, c *config.Config, log *slog.Logger) (*Traces, error) {
	if !Traced(c) {
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, Collector(c)...)
	if err != nil {
		return nil, fmt.Errorf("traces_endpoint (%s): %w", c.Source("traces_endpoint"), err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("latchkey"), semconv.ServiceVersion(version.Current().Version)),
		resource.WithFromEnv()) // last, so that it wins
	if err != nil {
		log.Warn("OTEL_RESOURCE_ATTRIBUTES is not understood", "cause", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithResource(about),
		sdk.WithBatcher(&courier{SpanExporter: exporter, log: log, now: time.Now}))
	return TracesBy(provider), nil
}

// TracesBy are traces that this provider makes and sends.
func TracesBy(provider *sdk.TracerProvider) *Traces {
	return &Traces{provider: provider, tracer: provider.Tracer(tracerName), flush: flushMost}
}

// Install shows the provider to zitadel/oidc, which asks OpenTelemetry's global one,
// and takes what OpenTelemetry complains of, a sampler it does not know for example,
// into the log. It returns what stops it.
func (t *Traces) Install(log *slog.Logger, c *config.Config) (stop func()) {
	if t == nil {
		return func() {}
	}
	log.Info("tracing", "to", TracesTo(c))
	if other := OtherProtocol(c); other != "" {
		log.Warn("traces are sent by OTLP over HTTP only ("+OtelSpeaks+", at most collectors on port 4318)",
			"asked", other)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "cause", err) }))
	otel.SetTracerProvider(t.provider)
	return func() { t.stop(log) }
}

// stop sends what is left. A collector that does not answer cannot hold it up.
func (t *Traces) stop(log *slog.Logger) {
	ctx, giveUp := context.WithTimeout(context.Background(), t.flush)
	defer giveUp()
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Warn("some spans were not sent", "cause", err)
	}
}

// Traced reports whether a collector is configured.
func Traced(c *config.Config) bool {
	switch {
	case c.TracesEndpoint != "":
		return true
	case strings.EqualFold(c.OTEL[otelDisabled], "true"), strings.EqualFold(c.OTEL[otelExporter], "none"):
		return false
	}
	return c.OTEL[OtelEndpoint] != "" || c.OTEL[otelTracesEndpoint] != ""
}

// Collector is where spans go, as far as Latchkey's own setting says.
func Collector(c *config.Config) []otlptracehttp.Option {
	if c.TracesEndpoint == "" {
		return nil
	}
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL(strings.TrimSuffix(c.TracesEndpoint,
		"/") + config.TracesPath)}
}

// TracesTo is the collector in words.
func TracesTo(c *config.Config) string {
	for _, to := range []string{c.TracesEndpoint, c.OTEL[otelTracesEndpoint], c.OTEL[OtelEndpoint]} {
		if to != "" {
			return to
		}
	}
	return ""
}

// OtherProtocol is the protocol that the environment asks for and that is not spoken
// here, or "".
func OtherProtocol(c *config.Config) string {
	for _, name := range []string{otelTracesProtocol, OtelProtocol} {
		if p := c.OTEL[name]; p != "" {
			if p == OtelSpeaks {
				return ""
			}
			return name + "=" + p
		}
	}
	return ""
}
