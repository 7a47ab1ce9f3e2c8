package edge_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/internal/edge"
)

const form = "application/x-www-form-urlencoded"

func TestTheLongestKeyDecidesHowLargeABodyMayBe(t *testing.T) {
	e := newEdge(new(journal), func(o *edge.Options) {
		o.Limits.Bodies = map[string]int64{"/": 1, "/a/": 2, "/a/b/": 3, "/a/b/c/": 4, "/a/b/c/d": 5, "/a/b/c/d/": 6}
	})
	for range 20 { // a map is walked in another order each time
		rec := httptest.NewRecorder()
		e.Handler(e.Router()).ServeHTTP(rec, httptest.NewRequest("POST", "/a/b/c/d", strings.NewReader("123456")))
		if rec.Code != http.StatusRequestEntityTooLarge {
			t.Fatalf("six bytes: status %d", rec.Code)
		}
		rec = httptest.NewRecorder()
		e.Handler(e.Router()).ServeHTTP(rec, httptest.NewRequest("POST", "/a/b/c/d", strings.NewReader("12345")))
		if rec.Code != http.StatusNotFound {
			t.Fatalf("five bytes: status %d", rec.Code)
		}
	}
}

// stream hides the length of a body, as chunked transfer does.
type stream struct{ io.Reader }

func TestOversizedRequestsAreRefusedBeforeAnyHandler(t *testing.T) {
	limits := edge.Limits{Form: 100, Body: 100, Params: 5, Bodies: map[string]int64{
		"/upload": 1000, "/import/": 2000, "/import/small/": 10}}
	for _, c := range []struct {
		name, target, kind string
		body               io.Reader
		status             int
	}{
		{"fits", "/page", form, strings.NewReader("a=1&b=2"), 200},
		{"at the limit", "/page", form, strings.NewReader(strings.Repeat("x", 100)), 200},
		{"one over", "/page", form, strings.NewReader(strings.Repeat("x", 101)), 413},
		{"one over, length unknown", "/page", form, stream{strings.NewReader(strings.Repeat("x", 101))}, 413},
		{"known length, not a form", "/page", "application/json", strings.NewReader(strings.Repeat("x", 101)), 413},
		{"exception for a path", "/upload", "application/json", strings.NewReader(strings.Repeat("x", 1000)), 200},
		{"not for the paths under it", "/upload/2", "application/json",
			strings.NewReader(strings.Repeat("x", 1000)), 413},
		{"exception for a tree", "/import/users", "application/json", strings.NewReader(strings.Repeat("x", 1500)),
			200},
		{"a larger form, which would be held in memory", "/upload", form,
			strings.NewReader(strings.Repeat("x", 101)), 413},
		{"a larger form, length unknown", "/import/users", form,
			stream{strings.NewReader(strings.Repeat("x", 101))}, 413},
		{"the longest key decides", "/import/small/1", form, strings.NewReader(strings.Repeat("x", 11)), 413},
		{"five parameters", "/page?a&b&c&d&e", "", nil, 200},
		{"six parameters", "/page?a&b&c&d&e&f", "", nil, 400},
		{"six in the form", "/page", form + "; charset=utf-8", strings.NewReader("a&b&c&d&e&f"), 400},
		{"broken off", "/page", form, stream{io.MultiReader(strings.NewReader("a"), broken{})}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			var j journal
			e := newEdge(&j, func(o *edge.Options) { o.Limits = limits })
			req := httptest.NewRequest("POST", c.target, c.body)
			req.Header.Set("Content-Type", c.kind)
			called := false
			rec := httptest.NewRecorder()
			e.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				called = true
				if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
			})).ServeHTTP(rec, req)
			if rec.Code != c.status || called != (c.status == 200) {
				t.Errorf("status %d, want %d; handler called: %v", rec.Code, c.status, called)
			}
			if got := j.only(t)["status"]; got != float64(c.status) {
				t.Errorf("logged status %v", got)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestStreamedBodiesEndAtTheLimit(t *testing.T) {
	e := newEdge(new(journal), func(o *edge.Options) { o.Limits.Body = 100 })
	req := httptest.NewRequest("POST", "/", stream{strings.NewReader(strings.Repeat("x", 101))})
	e.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if tooBig := new(http.MaxBytesError); !errors.As(err, &tooBig) || n != 100 {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})).ServeHTTP(httptest.NewRecorder(), req)
}

func TestServerRefusesOversizedHeadersAndBoundsTime(t *testing.T) {
	e := newEdge(new(journal), func(o *edge.Options) { o.Limits.Header = 8 << 10 })
	server := httptest.NewUnstartedServer(nil)
	server.Config = e.Server(e.Handler(e.Router()))
	for name, d := range map[string]any{
		"ReadHeaderTimeout": server.Config.ReadHeaderTimeout, "ReadTimeout": server.Config.ReadTimeout,
		"WriteTimeout": server.Config.WriteTimeout, "IdleTimeout": server.Config.IdleTimeout,
	} {
		if fmt.Sprint(d) == "0s" {
			t.Errorf("%s is unbounded", name)
		}
	}
	server.Start()
	defer server.Close()
	req, _ := http.NewRequest("GET", server.URL, nil)
	req.Header.Set("Cookie", strings.Repeat("c", 16<<10))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestTheLogSaysWhyTheEdgeRefused(t *testing.T) {
	var log bytes.Buffer
	e := edge.New(edge.Options{Secure: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	e.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(log.String(), "status=400") || !strings.Contains(log.String(), "cause=\"") ||
		!strings.Contains(log.String(), "trusted_proxies") {
		t.Errorf("logged %s", &log)
	}
}

// Go's own parser refuses a whole query or form for one of them.
func TestASemicolonThatIsNotEncodedIsData(t *testing.T) {
	const sent = "return=/a;b=1&state=x;y;"
	for name, req := range map[string]*http.Request{
		"query": httptest.NewRequest("GET", "/page?"+sent, nil),
		"form":  httptest.NewRequest("POST", "/page", strings.NewReader(sent)),
	} {
		req.Header.Set("Content-Type", form)
		called := false
		newEdge(new(journal), nil).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			called = true
			if err := r.ParseForm(); err != nil || r.Form.Get("return") != "/a;b=1" ||
				r.Form.Get("state") != "x;y;" || len(r.Form) != 2 {
				t.Errorf("%s: %v, %v", name, r.Form, err)
			}
		})).ServeHTTP(httptest.NewRecorder(), req)
		if !called {
			t.Errorf("%s: the handler was not called", name)
		}
	}
}
