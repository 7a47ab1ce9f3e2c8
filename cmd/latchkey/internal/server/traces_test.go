package server

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

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/telemetry"
	"latchkey/internal/edge"
	"latchkey/storage/kv"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// remembered are traces that stay in memory.
func remembered() (*telemetry.Traces, *tracetest.InMemoryExporter) {
	kept := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(kept))
	return telemetry.TracesBy(provider), kept
}

// tracedServer is one whose requests are traced, and its public side.
func tracedServer(t *testing.T, env ...string) (*Server, http.Handler, *tracetest.InMemoryExporter) {
	t.Helper()
	tr, kept := remembered()
	c, err := config.Load("", append(env, "LATCHKEY_DATA_DIR="+filepath.Join(t.TempDir(), "data")))
	if err != nil {
		t.Fatal(err)
	}
	h, err := openTraced(t.Context(), c, ServeWait, tr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	_, public, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return h, public, kept
}

// ofRequests are the spans that are requests.
func ofRequests(kept *tracetest.InMemoryExporter) tracetest.SpanStubs {
	return slices.DeleteFunc(kept.GetSpans(),
		func(s tracetest.SpanStub) bool { return s.SpanKind != trace.SpanKindServer })
}

func TestATraceIsOfARequestAndOfNothingElse(t *testing.T) {
	h, public, kept := tracedServer(t)
	for _, j := range h.Jobs() {
		if err := j.Run(t.Context(), time.Unix(1_800_000_000, 0)); err != nil {
			t.Errorf("%s: %v", j.Name, err)
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
	h, public, kept := tracedServer(t)
	get(public, "/nowhere")
	if err := h.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	get(public, PathReady)
	spans := ofRequests(kept)
	if len(spans) != 2 || spans[0].Name != "GET" || spans[0].Status.Code != codes.Unset ||
		spans[1].Name != "GET "+PathReady || spans[1].Status.Code != codes.Error {
		t.Errorf("spans are %+v", spans)
	}
}

func TestATrustedProxysTraceGoesOn(t *testing.T) {
	_, public, kept := tracedServer(t, "LATCHKEY_TRUSTED_PROXIES=10.0.0.7")
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
	h := testServer(t)
	if h.Traces != nil {
		t.Error("traced all the same")
	}
	if h.Traces.Engine(h.Engine) != kv.Engine(h.Engine) || h.Traces.Spans() != nil {
		t.Error("wrapped all the same")
	}
	tr, err := telemetry.NewTraces(t.Context(), h.Config, slog.Default())
	if tr != nil || err != nil {
		t.Errorf("%v, %v", tr, err)
	}
	tr.Install(slog.Default(), h.Config)()
}

func TestAnOperationHasTheNameItHasInTheStore(t *testing.T) {
	_, public, kept := tracedServer(t)
	form := get(public, "/sign-in")
	r := httptest.NewRequest("POST", "/sign-in",
		strings.NewReader("username=nobody&password=a+wholly+unlikely+sentence"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range form.Result().Cookies() {
		r.AddCookie(c)
	}
	public.ServeHTTP(httptest.NewRecorder(), r)
	names := map[string]bool{}
	for _, s := range kept.GetSpans() {
		names[s.Name] = true
	}
	for _, want := range []string{"storage.Users.ByLogin", "storage.Attempts.Count", "keys.wait", "keys.hash",
		"POST /sign-in"} {
		if !names[want] {
			t.Errorf("no span %s among %q", want, slices.Sorted(maps.Keys(names)))
		}
	}
}

func TestAnUpdateShowsItsWaitAndItsCommitWhateverItAnswers(t *testing.T) {
	h, _, kept := tracedServer(t)
	ctx, request := h.Traces.Begin(t.Context(), "GET", "", "")
	refused := errors.New("refused")
	if err := h.Traces.Engine(h.Engine).Update(ctx, func(kv.Txn) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("answered %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := h.Traces.Engine(h.Engine).Update(gone, func(kv.Txn) error { return nil }); !errors.Is(err,
		context.Canceled) {
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
