package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/edge"
	"latchkey/storage/kv"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// remembered are traces that stay in memory.
func remembered() (*traces, *tracetest.InMemoryExporter) {
	kept := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(kept))
	return tracesBy(provider), kept
}

// tracedHouse is a house whose requests are traced, and its public side.
func tracedHouse(t *testing.T, env ...string) (*house, http.Handler, *tracetest.InMemoryExporter) {
	t.Helper()
	tr, kept := remembered()
	c, err := loadConfig("", append(env, "LATCHKEY_DATA_DIR="+filepath.Join(t.TempDir(), "data")))
	if err != nil {
		t.Fatal(err)
	}
	h, err := openTraced(t.Context(), c, serveWait, tr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.close() })
	_, public, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return h, public, kept
}

// ofRequests are the spans that are requests.
func ofRequests(kept *tracetest.InMemoryExporter) tracetest.SpanStubs {
	return slices.DeleteFunc(kept.GetSpans(), func(s tracetest.SpanStub) bool { return s.SpanKind != trace.SpanKindServer })
}

func TestATraceIsOfARequestAndOfNothingElse(t *testing.T) {
	h, public, kept := tracedHouse(t)
	for _, j := range h.jobs() {
		if err := j.run(t.Context(), time.Unix(1_800_000_000, 0)); err != nil {
			t.Errorf("%s: %v", j.name, err)
		}
	}
	if spans := kept.GetSpans(); len(spans) != 0 {
		t.Errorf("%d spans without a request", len(spans))
	}
	get(public, "/sign-in")
	names := []string{}
	for _, s := range kept.GetSpans() {
		names = append(names, s.Name)
	}
	if !slices.Contains(names, "GET /sign-in") || !slices.Contains(names, "storage.SettingsStore.Get") {
		t.Errorf("spans are %q", names)
	}
}

func TestAFaultOfOursIsAnErrorInTheTraceAndARefusalIsNone(t *testing.T) {
	h, public, kept := tracedHouse(t)
	get(public, "/nowhere")
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	get(public, pathReady)
	spans := ofRequests(kept)
	if len(spans) != 2 || spans[0].Name != "GET" || spans[0].Status.Code != codes.Unset || spans[1].Name != "GET "+pathReady || spans[1].Status.Code != codes.Error {
		t.Errorf("spans are %+v", spans)
	}
}

func TestATrustedProxysTraceGoesOn(t *testing.T) {
	_, public, kept := tracedHouse(t, "LATCHKEY_TRUSTED_PROXIES=10.0.0.7")
	const id = "0af7651916cd43dd8448eb211c80319c"
	for from, sampled := range map[string]string{"10.0.0.7:1": "01", "10.0.0.7:2": "00", "192.0.2.7:1": "01"} {
		kept.Reset()
		r := httptest.NewRequest("GET", "/nowhere", nil)
		r.RemoteAddr = from
		r.Header.Set("Traceparent", "00-"+id+"-b7ad6b7169203331-"+sampled)
		public.ServeHTTP(httptest.NewRecorder(), r)
		spans := ofRequests(kept)
		switch {
		case from == "10.0.0.7:2" && len(spans) == 0: // not to be sampled
		case len(spans) == 1 && (spans[0].SpanContext.TraceID().String() == id) == (from == "10.0.0.7:1"):
		default:
			t.Errorf("from %s: %+v", from, spans)
		}
	}
}

func TestWithoutACollectorNothingIsTracedOrWrapped(t *testing.T) {
	h := testHouse(t)
	if h.traces != nil {
		t.Error("traced all the same")
	}
	if h.traces.engine(h.engine) != kv.Engine(h.engine) || h.traces.spans() != nil {
		t.Error("wrapped all the same")
	}
	tr, err := newTraces(t.Context(), h.config, slog.Default())
	if tr != nil || err != nil {
		t.Errorf("%v, %v", tr, err)
	}
	tr.install(slog.Default(), h.config)()
}

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
		if got := tracesTo(c); traced(c) != (want != "") || want != "" && got != want {
			t.Errorf("%s: traced %v, to %q", env, traced(c), got)
		}
	}
	c := mustLoad(t, "", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc")
	if got := otherProtocol(c); got != "OTEL_EXPORTER_OTLP_PROTOCOL=grpc" {
		t.Errorf("other protocol %q", got)
	}
	c.otel[otelTracesProtocol] = otelSpeaks
	if got := otherProtocol(c); got != "" {
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
	tr, err := newTraces(t.Context(), c, log)
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

func TestAnOperationHasTheNameItHasInTheStore(t *testing.T) {
	_, public, kept := tracedHouse(t)
	form := get(public, "/sign-in")
	r := httptest.NewRequest("POST", "/sign-in", strings.NewReader("username=nobody&password=a+wholly+unlikely+sentence"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range form.Result().Cookies() {
		r.AddCookie(c)
	}
	public.ServeHTTP(httptest.NewRecorder(), r)
	names := map[string]bool{}
	for _, s := range kept.GetSpans() {
		names[s.Name] = true
	}
	for _, want := range []string{"storage.Users.ByLogin", "storage.Attempts.Count", "keys.wait", "keys.hash", "POST /sign-in"} {
		if !names[want] {
			t.Errorf("no span %s among %q", want, slices.Sorted(maps.Keys(names)))
		}
	}
}

func TestAnUpdateShowsItsWaitAndItsCommitWhateverItAnswers(t *testing.T) {
	h, _, kept := tracedHouse(t)
	ctx, request := h.traces.Begin(t.Context(), "GET", "", "")
	refused := errors.New("refused")
	if err := h.traces.engine(h.engine).Update(ctx, func(kv.Txn) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("answered %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := h.traces.engine(h.engine).Update(gone, func(kv.Txn) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v", err)
	}
	request.End(edge.Ended{})
	var names []string
	for _, s := range kept.GetSpans() {
		names = append(names, s.Name)
	}
	if want := []string{"kv.wait", "kv.commit", "storage", "storage", "GET"}; !slices.Equal(names, want) {
		t.Errorf("spans are %q", names)
	}
}
