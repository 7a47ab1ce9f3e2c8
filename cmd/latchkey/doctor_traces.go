package main

import (
	"context"
	"errors"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
)

const collectorWait = 5 * time.Second

// traces sends the collector no spans at all, which it takes as it would take some.
func (d *doctor) traces(ctx context.Context) []finding {
	const check = "traces"
	if !traced(d.config) {
		return nil
	}
	if other := otherProtocol(d.config); other != "" {
		return []finding{warn(check, "set it to "+otelSpeaks+", and the endpoint to that port", "%s is not spoken here", other)}
	}
	ctx, cancel := context.WithTimeout(ctx, collectorWait)
	defer cancel()
	client := otlptracehttp.NewClient(collector(d.config)...)
	err := client.Start(ctx)
	if err == nil {
		err = client.UploadTraces(ctx, nil)
	}
	if at := new(url.Error); errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return []finding{warn(check, "check traces_endpoint and the collector; it must take OTLP over HTTP", "%s takes no spans: %v", tracesTo(d.config), err)}
	}
	return []finding{ok(check, "%s takes spans", tracesTo(d.config))}
}
