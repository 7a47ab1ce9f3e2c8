package edge

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// notebook is a tracer that writes down what it hears.
type notebook struct{ heard []string }

type withinKey struct{}

func (n *notebook) Begin(ctx context.Context, method, parent, state string) (context.Context, Span) {
	n.heard = append(n.heard, fmt.Sprintf("begin %s %q %q", method, parent, state))
	return context.WithValue(ctx, withinKey{}, "within"), n
}

func (n *notebook) TraceID() string { return "the-trace" }

func (n *notebook) End(e Ended) { n.heard = append(n.heard, fmt.Sprintf("end %+v", e)) }

func traced(n *notebook, log *slog.Logger, handle http.HandlerFunc) http.Handler {
	e := New(Options{Tracer: n, Log: log, Random: bytes.NewReader(make([]byte, 1000)),
		Proxies: Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}})
	router := e.Router()
	router.HandleFunc("/users/{id}", handle)
	return e.Handler(router)
}

func TestATracerHearsOfEveryExchangeAndOfNothingThatWasSent(t *testing.T) {
	n := &notebook{}
	h := traced(n, slog.New(slog.DiscardHandler), func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(withinKey{}) != "within" {
			t.Error("the handler does not have the tracer's context")
		}
		switch r.URL.RawQuery {
		case "panic":
			panic("bad luck")
		case "half":
			_, _ = w.Write([]byte("half"))
			panic("bad luck")
		}
	})
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/users/secret-1", "Route:/users/{id} Method:GET Scheme:http RequestID:aaaaaaaaaaaaaaaa Status:200 Failed:false"},
		{"GET", "/users/secret-2?panic", "Status:500 Failed:true"},
		{"GET", "/users/secret-3?half", "Status:200 Failed:true"},
		{"SECRET-4", "/secret-5", "Route: Method:other Scheme:http RequestID:aaaaaaaaaaaaaaaa Status:404 Failed:false"},
	} {
		n.heard = nil
		func() {
			defer func() { _ = recover() }() // net/http's, for the answer cut off
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(c.method, c.path, nil))
		}()
		all := strings.Join(n.heard, "\n")
		if len(n.heard) != 2 || !strings.Contains(all, c.want) || strings.Contains(strings.ToLower(all), "secret") {
			t.Errorf("%s %s: heard\n%s", c.method, c.path, all)
		}
	}
}

func TestOnlyATrustedProxySaysWhichTraceARequestBelongsTo(t *testing.T) {
	const parent, state = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1"
	for from, want := range map[string]string{
		"10.0.0.7:1":  fmt.Sprintf("begin GET %q %q", parent, state),
		"192.0.2.7:1": `begin GET "" ""`,
	} {
		n := &notebook{}
		r := httptest.NewRequest("GET", "/users/1", nil)
		r.RemoteAddr = from
		r.Header.Set("Traceparent", parent)
		r.Header.Set("Tracestate", state)
		r.Header.Set("X-Forwarded-For", "10.0.0.8") // who is behind a proxy does not count
		traced(n, slog.New(slog.DiscardHandler),
			func(http.ResponseWriter, *http.Request) {}).ServeHTTP(httptest.NewRecorder(), r)
		if n.heard[0] != want {
			t.Errorf("from %s: heard %s, want %s", from, n.heard[0], want)
		}
	}
}

func TestTheLogRecordNamesTheTraceIfThereIsOne(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	nothing := func(http.ResponseWriter, *http.Request) {}
	traced(&notebook{}, log, nothing).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/users/1", nil))
	if !strings.Contains(out.String(), " trace_id=the-trace") {
		t.Errorf("logged %s", &out)
	}
	out.Reset()
	New(Options{Log: log}).Handler(http.HandlerFunc(nothing)).ServeHTTP(httptest.NewRecorder(),
		httptest.NewRequest("GET", "/", nil))
	if out.Len() == 0 || strings.Contains(out.String(), "trace_id") {
		t.Errorf("logged %s", &out)
	}
}

func TestWithoutATracerNothingIsAllocatedForIt(t *testing.T) {
	e := New(Options{})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	x := &exchange{}
	if n := testing.AllocsPerRun(100, func() {
		if e.begin(r.Context(), r, x) != r.Context() || x.traceID() != "" {
			t.Error("traced all the same")
		}
		x.end(r, 200)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
