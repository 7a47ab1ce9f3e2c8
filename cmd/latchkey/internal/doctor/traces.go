package doctor

import (
	"context"
	"errors"
	"net/url"
	"time"

	"latchkey/cmd/latchkey/internal/telemetry"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
)

const collectorWait = 5 * time.Second

// traces sends the collector no spans at all, which it takes as it would take some.
func (d *doctor) traces(ctx context.Context) []Finding {
	const check = "traces"
	if !telemetry.Traced(d.config) {
		return nil
	}
	if other := telemetry.OtherProtocol(d.config); other != "" {
		return []Finding{warn(check, "set it to "+telemetry.OtelSpeaks+", and the endpoint to that port",
			"%s is not spoken here", other)}
	}
	ctx, cancel := context.WithTimeout(ctx, collectorWait)
	defer cancel()
	client := otlptracehttp.NewClient(telemetry.Collector(d.config)...)
	err := client.Start(ctx)
	if err == nil {
		err = client.UploadTraces(ctx, nil)
	}
	if at := new(url.Error); errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return []Finding{warn(check, "check traces_endpoint and the collector; it must take OTLP over HTTP",
			"%s takes no spans: %v", telemetry.TracesTo(d.config), err)}
	}
	return []Finding{ok(check, "%s takes spans", telemetry.TracesTo(d.config))}
}
