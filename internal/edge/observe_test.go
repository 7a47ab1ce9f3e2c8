package edge_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"latchkey/internal/edge"
)

// tally is an observer that writes down what it hears.
type tally struct {
	mu    sync.Mutex
	heard []string
}

func (o *tally) add(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.heard = append(o.heard, fmt.Sprintf(format, args...))
}

func (o *tally) Request(route, method string, status int, took time.Duration) {
	o.add("%s %s %d %v", method, route, status, took)
}

func (o *tally) Event(what, result string) { o.add("%s %s", what, result) }

func TestTheObserverHearsOfEveryExchangeAndOfNothingThatWasSent(t *testing.T) {
	o := &tally{}
	now := time.Unix(0, 0)
	e := edge.New(edge.Options{Observer: o, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { now = now.Add(time.Second); return now }})
	router := e.Router()
	router.HandleFunc("/users/{id}", func(_ http.ResponseWriter, r *http.Request) {
		edge.Count(r.Context(), "sign_in", "busy")
		if r.URL.Query().Has("panic") {
			panic("bad luck")
		}
	}).Methods(http.MethodGet)
	h := e.Handler(router)
	for _, c := range []struct{ method, path string }{
		{"GET", "/users/secret-1"}, {"GET", "/users/secret-2?panic=1"}, {"POST", "/users/secret-3"},
		{"GET", "/secret-4"}, {"SECRET-5", "/users/1"},
	} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(c.method, c.path, nil))
	}
	want := []string{
		"sign_in busy", "GET /users/{id} 200 1s", "sign_in busy", "GET /users/{id} 500 1s",
		"POST  405 1s", "GET  404 1s", "other  405 1s",
	}
	if !slices.Equal(o.heard, want) {
		t.Errorf("heard %q\nwant  %q", o.heard, want)
	}
}

func TestCountingOutsideTheEdgeDoesNothing(t *testing.T) {
	edge.Count(t.Context(), "sign_in", "busy")
}
