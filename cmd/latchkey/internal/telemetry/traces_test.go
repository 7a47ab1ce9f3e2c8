package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/internal/edge"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

func TestACollectorIsConfiguredByOurSettingOrByOpenTelemetrys(t *testing.T) {
	for env, want := range map[string]string{
		"": "",
		"LATCHKEY_TRACES_ENDPOINT=http://c:4318/":                             "http://c:4318/",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://o:4318":                           "http://o:4318",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://t:4318/x":                  "http://t:4318/x",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://o:4318 OTEL_TRACES_EXPORTER=none": "",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://o:4318 OTEL_SDK_DISABLED=true":    "",
		"OTEL_SERVICE_NAME=x": "",
		"LATCHKEY_TRACES_ENDPOINT=http://c:4318 OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://t:4318/x": "http://c:4318",
	} {
		c := mustLoad(t, "", strings.Fields(env)...)
		if got := TracesTo(c); Traced(c) != (want != "") || want != "" && got != want {
			t.Errorf("%s: traced %v, to %q", env, Traced(c), got)
		}
	}
	c := mustLoad(t, "", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc")
	if got := OtherProtocol(c); got != "OTEL_EXPORTER_OTLP_PROTOCOL=grpc" {
		t.Errorf("other protocol %q", got)
	}
	c.OTEL[otelTracesProtocol] = OtelSpeaks
	if got := OtherProtocol(c); got != "" {
		t.Errorf("other protocol %q", got)
	}
}

// broken is an exporter that fails as it is told.
type broken struct {
	sdk.SpanExporter
	err error
}

func (b *broken) ExportSpans(context.Context, []sdk.ReadOnlySpan) error { return b.err }

func TestOfADeafCollectorTheLogHearsOnceInAWhile(t *testing.T) {
	var log strings.Builder
	now := time.Unix(0, 0)
	b := &broken{err: errors.New("connection refused " + strings.Repeat("x", complainMost))}
	c := &courier{SpanExporter: b, log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	lines := func(what string, want ...string) {
		t.Helper()
		got := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
		if log.Len() == 0 {
			got = nil
		}
		log.Reset()
		if len(got) != len(want) {
			t.Fatalf("%s: logged %q", what, got)
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) || len(got[i]) > complainMost+200 {
				t.Errorf("%s: logged %q, want %q", what, got[i], want[i])
			}
		}
	}
	export := func() {
		t.Helper()
		if err := c.ExportSpans(t.Context(), make([]sdk.ReadOnlySpan, 3)); err != nil {
			t.Errorf("the failure went on: %v", err)
		}
	}
	export()
	lines("at first", "takes no spans; requests are not affected\" lost=3 cause=\"connection refused")
	for range 5 {
		export()
	}
	lines("soon after")
	now = now.Add(complainEvery)
	export()
	lines("later", "lost=18")
	b.err = nil
	export()
	export()
	lines("when it works again", "takes spans again\" lost=0")
}

func TestACollectorThatDoesNotAnswerHoldsNothingUp(t *testing.T) {
	asked, over := make(chan struct{}, 10), make(chan struct{})
	deaf := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-over
	}))
	defer deaf.Close()
	defer close(over)
	c := mustLoad(t, "", "LATCHKEY_TRACES_ENDPOINT="+deaf.URL)
	log := slog.New(slog.DiscardHandler)
	tr, err := NewTraces(t.Context(), c, log)
	if err != nil {
		t.Fatal(err)
	}
	h := edge.New(edge.Options{Log: log, Tracer: tr}).Handler(http.NotFoundHandler())
	for range 10_000 { // more than the SDK keeps
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
		if rec.Code != http.StatusNotFound {
			t.Fatalf("status %d", rec.Code)
		}
	}
	<-asked
	tr.flush = time.Millisecond
	tr.stop(log) // and there is no answer yet
}
