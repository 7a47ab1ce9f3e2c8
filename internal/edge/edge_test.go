package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/edge"
)

// journal keeps log records as decoded JSON.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func (j *journal) records(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(j.text()) {
		var rec map[string]any
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		out = append(out, rec)
	}
	return out
}

func (j *journal) only(t *testing.T) map[string]any {
	t.Helper()
	recs := j.records(t)
	if len(recs) != 1 {
		t.Fatalf("%d log records, want 1:\n%s", len(recs), j.text())
	}
	return recs[0]
}

func newEdge(j *journal, change func(*edge.Options)) *edge.Edge {
	opts := edge.Options{
		Log: slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&opts)
	}
	return edge.New(opts)
}

// serve sends req through an edge around routes and returns the answer.
func serve(e *edge.Edge, req *http.Request, routes map[string]http.HandlerFunc) *http.Response {
	router := e.Router()
	for path, h := range routes {
		router.HandleFunc(path, h).Methods("GET", "POST")
	}
	rec := httptest.NewRecorder()
	e.Handler(router).ServeHTTP(rec, req)
	return rec.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEachRequestLeavesOneRecordThatHandlersFill(t *testing.T) {
	var j journal
	clock := time.Unix(1_700_000_000, 0)
	e := newEdge(&j, func(o *edge.Options) {
		o.Now = func() time.Time { clock = clock.Add(1500 * time.Microsecond); return clock }
		o.Random = bytes.NewReader(make([]byte, 10))
	})
	req := httptest.NewRequest("GET", "/apps/7?code=sesame", nil)
	res := serve(e, req, map[string]http.HandlerFunc{"/apps/{id}": func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		edge.ClientID(ctx, "demo")
		edge.Sub(ctx, "ada")
		edge.Fail(ctx, "invalid_grant", errors.New("replayed"))
		edge.Note(ctx, slog.Int("attempt", 1), slog.String("flow", "f1"))
		edge.Note(ctx, slog.Int("attempt", 2))
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "refused")
	}})
	rec := j.only(t)
	want := map[string]any{
		"level": "INFO", "msg": "request", "method": "GET", "route": "/apps/{id}", "path": "/apps/7",
		"status": 400.0, "bytes": 7.0, "ms": 1.5, "remote": "192.0.2.1", "request_id": "aaaaaaaaaaaaaaaa",
		"client_id": "demo", "sub": "ada", "error": "invalid_grant", "cause": "replayed",
		"attempt": 2.0, "flow": "f1",
	}
	delete(rec, "time")
	for k, v := range want {
		if rec[k] != v {
			t.Errorf("%s = %v, want %v", k, rec[k], v)
		}
		delete(rec, k)
	}
	if len(rec) != 0 {
		t.Errorf("unexpected fields: %v", rec)
	}
	if got := res.Header.Get("X-Request-Id"); got != "aaaaaaaaaaaaaaaa" {
		t.Errorf("X-Request-Id = %q", got)
	}
}

func TestSettersOutsideTheEdgeDoNothing(t *testing.T) {
	ctx := context.Background()
	edge.ClientID(ctx, "x")
	edge.Sub(ctx, "x")
	edge.Fail(ctx, "x", nil)
	edge.Note(ctx, slog.Int("x", 1))
	edge.Quiet(ctx)
	if edge.RequestID(ctx) != "" || edge.ClientAddr(ctx) != (netip.Addr{}) {
		t.Error("values without an exchange")
	}
}

func TestHandlersMayFillTheRecordFromSeveralGoroutines(t *testing.T) {
	var j journal
	serve(newEdge(&j, nil), httptest.NewRequest("GET", "/", nil), map[string]http.HandlerFunc{
		"/": func(w http.ResponseWriter, r *http.Request) {
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					edge.Note(r.Context(), slog.Int("n", i))
					edge.Sub(r.Context(), "ada")
				})
			}
			wg.Wait()
		}})
	if rec := j.only(t); rec["sub"] != "ada" || rec["n"] == nil {
		t.Errorf("record = %v", rec)
	}
}

func TestQuietRequestsAreLoudWhenTheyFail(t *testing.T) {
	for status, level := range map[int]string{200: "DEBUG", 404: "INFO", 503: "ERROR"} {
		var j journal
		serve(newEdge(&j, nil), httptest.NewRequest("GET", "/healthz", nil), map[string]http.HandlerFunc{
			"/healthz": func(w http.ResponseWriter, r *http.Request) {
				edge.Quiet(r.Context())
				w.WriteHeader(status)
			}})
		if rec := j.only(t); rec["level"] != level {
			t.Errorf("status %d logged at %v, want %s", status, rec["level"], level)
		}
	}
}

// Too much to do at once is no fault that somebody has to mend.
func TestABusyServerWarns(t *testing.T) {
	var j journal
	serve(newEdge(&j, nil), httptest.NewRequest("POST", "/sign-in", nil), map[string]http.HandlerFunc{
		"/sign-in": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusServiceUnavailable)
		}})
	if rec := j.only(t); rec["level"] != "WARN" {
		t.Errorf("logged at %v", rec["level"])
	}
}

func TestUnknownAddressesAndMethodsGoThroughTheEdge(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/nowhere", 404, ""},
		{"DELETE", "/here", 405, "GET, POST"},
		{"BREW", "/here", 405, "GET, POST"},
	} {
		var j journal
		res := serve(newEdge(&j, nil), httptest.NewRequest(c.method, c.path, nil), map[string]http.HandlerFunc{
			"/here": func(http.ResponseWriter, *http.Request) {}})
		rec := j.only(t)
		if res.StatusCode != c.status || rec["status"] != float64(c.status) || rec["route"] != "" {
			t.Errorf("%s %s: %d, record %v", c.method, c.path, res.StatusCode, rec)
		}
		if got := res.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s: Allow = %q, want %q", c.method, c.path, got, c.allow)
		}
		if text := body(t, res); !strings.Contains(text, rec["request_id"].(string)) {
			t.Errorf("answer does not name the request id: %q", text)
		}
	}
}

func TestEveryAnswerCarriesTheBaseHeaders(t *testing.T) {
	panics := func(w http.ResponseWriter, r *http.Request) { panic("x") }
	fine := func(w http.ResponseWriter, r *http.Request) {}
	for _, path := range []string{"/fine", "/panics", "/missing"} {
		for _, secure := range []bool{true, false} {
			var j journal
			e := newEdge(&j, func(o *edge.Options) { o.Secure = secure })
			req := httptest.NewRequest("GET", "https://id.example.org"+path, nil)
			res := serve(e, req, map[string]http.HandlerFunc{"/fine": fine, "/panics": panics})
			want := map[string]string{
				"X-Content-Type-Options":    "nosniff",
				"Referrer-Policy":           "same-origin",
				"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
				"Strict-Transport-Security": "",
			}
			if secure {
				want["Strict-Transport-Security"] = "max-age=31536000"
			}
			for k, v := range want {
				if got := res.Header.Get(k); got != v {
					t.Errorf("%s secure=%v: %s = %q, want %q", path, secure, k, got, v)
				}
			}
		}
	}
}

func TestSecureIssuerRefusesPlainHTTPExceptForHealthChecks(t *testing.T) {
	e := func() *edge.Edge {
		return newEdge(new(journal), func(o *edge.Options) {
			o.Secure = true
			o.Plain = []string{"/healthz"}
			o.Proxies.Trusted = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		})
	}
	routes := map[string]http.HandlerFunc{
		"/": func(http.ResponseWriter, *http.Request) {}, "/healthz": func(http.ResponseWriter, *http.Request) {}}
	for _, c := range []struct {
		path, proto, from string
		status            int
	}{
		{"/", "", "192.0.2.1:1", 400},
		{"/", "http", "192.0.2.1:1", 400},
		{"/", "https", "192.0.2.1:1", 200},
		{"/", "https", "203.0.113.1:1", 400}, // not a proxy of ours
		{"/healthz", "", "203.0.113.1:1", 200},
	} {
		req := httptest.NewRequest("GET", c.path, nil)
		req.RemoteAddr = c.from
		if c.proto != "" {
			req.Header.Set("X-Forwarded-Proto", c.proto)
		}
		if res := serve(e(), req, routes); res.StatusCode != c.status {
			t.Errorf("%+v: status %d", c, res.StatusCode)
		}
	}
}

func TestProblemsAreRenderedByTheHouse(t *testing.T) {
	var j journal
	e := newEdge(&j, func(o *edge.Options) {
		o.Fail = func(w http.ResponseWriter, r *http.Request, p edge.Problem) {
			w.WriteHeader(p.Status)
			_, _ = io.WriteString(w, "<h1>"+p.Message+"</h1>"+edge.RequestID(r.Context()))
		}
	})
	res := serve(e, httptest.NewRequest("GET", "/x", nil), nil)
	if text := body(t, res); !strings.HasPrefix(text, "<h1>There is no page") {
		t.Errorf("answer %q", text)
	}
}

// After a 301 many clients send a GET in place of a POST (RFC 9110 section 15.4.2).
func TestAPathInAnotherSpellingLeadsToTheRightOneWithTheSameMethod(t *testing.T) {
	for sent, want := range map[string]string{
		"//connect/token":                "/connect/token",
		"/connect//token?a=1&b=%2F%2F":   "/connect/token?a=1&b=%2F%2F",
		"/connect/x/../token":            "/connect/token",
		"/./connect/token/./":            "/connect/token/",
		"//evil.example/%2F/":            "/evil.example/%2F/",
		"/connect/token":                 "",
		"/clients/https:%2F%2Fa.test%2F": "",
	} {
		for _, method := range []string{"GET", "POST"} {
			called := false
			e := newEdge(new(journal), nil)
			router := e.Router()
			router.UseEncodedPath()
			for _, path := range []string{"/connect/token", "/clients/{id}"} {
				router.HandleFunc(path, func(http.ResponseWriter, *http.Request) { called = true })
			}
			rec := httptest.NewRecorder()
			req := httptest.NewRequest(method, "/", nil)
			req.URL = must(t, sent)
			e.Handler(router).ServeHTTP(rec, req)
			if to := rec.Header().Get("Location"); to != want ||
				(rec.Code == http.StatusPermanentRedirect) != (want != "") || called != (want == "") {
				t.Errorf("%s %s: %d, sent to %q, handler called: %v", method, sent, rec.Code, to, called)
			}
		}
	}
}

func must(t *testing.T, target string) *url.URL {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
