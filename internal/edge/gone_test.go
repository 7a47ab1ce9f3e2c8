package edge_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/internal/edge"
)

// ends is a tracer that keeps how the last exchange ended.
type ends struct{ edge.Ended }

func (n *ends) Begin(ctx context.Context, _, _, _ string) (context.Context, edge.Span) { return ctx, n }
func (n *ends) TraceID() string                                                        { return "" }
func (n *ends) End(e edge.Ended)                                                       { n.Ended = e }

// What comes to nothing because nobody waits for it is no fault of ours. All else that
// is given up is.
func TestOnlyACallerWhoWentAwayIsNoFaultOfOurs(t *testing.T) {
	fails := func(cause error, status int) func(w http.ResponseWriter, r *http.Request, leave func()) {
		return func(w http.ResponseWriter, r *http.Request, leave func()) {
			leave()
			edge.Fail(r.Context(), "server_error", fmt.Errorf("store: %w", cause))
			w.WriteHeader(status)
		}
	}
	stays := func(answer func(http.ResponseWriter, *http.Request, func())) func(http.ResponseWriter, *http.Request,
		func()) {
		return func(w http.ResponseWriter, r *http.Request, _ func()) { answer(w, r, func() {}) }
	}
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request, leave func())
		late   bool // a deadline of ours is over
		status int
		level  string
		code   string
	}{
		"gone": {answer: fails(context.Canceled, 500), status: 499, level: "INFO",
			code: "client_gone"},
		"gone, while we are busy": {answer: fails(context.Canceled, 503), status: 499, level: "INFO",
			code: "client_gone"},
		"there": {answer: stays(fails(context.Canceled, 500)), status: 500, level: "ERROR",
			code: "server_error"},
		"a deadline": {answer: stays(fails(context.DeadlineExceeded, 500)), late: true,
			status: 500, level: "ERROR", code: "server_error"},
		"a deadline that cancels": {answer: stays(fails(context.Canceled, 500)), late: true, status: 500,
			level: "ERROR", code: "server_error"},
		"gone, and a fault": {answer: fails(errors.New("the disk is full"), 500), status: 500,
			level: "ERROR", code: "server_error"},
		"gone, and a deadline within": {answer: fails(context.DeadlineExceeded, 500), status: 500, level: "ERROR",
			code: "server_error"},
		"gone, and refused": {answer: fails(context.Canceled, 401), status: 401, level: "INFO",
			code: "server_error"},
		"gone, and answered": {answer: fails(context.Canceled, 200), status: 200, level: "INFO",
			code: "server_error"},
		"gone, and a panic": {answer: func(_ http.ResponseWriter, r *http.Request, leave func()) {
			leave()
			edge.Fail(r.Context(), "server_error", context.Canceled)
			panic("bad luck")
		}, status: 500, level: "ERROR", code: "server_error"},
	} {
		var j journal
		o, n := &tally{}, &ends{}
		e := newEdge(&j, func(opts *edge.Options) { opts.Observer, opts.Tracer = o, n })
		ctx, leave := context.WithCancel(t.Context())
		if c.late {
			ctx, leave = context.WithDeadline(t.Context(), time.Unix(0, 0))
		}
		serve(e, httptest.NewRequestWithContext(ctx, "GET", "/", nil), map[string]http.HandlerFunc{
			"/": func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, leave) }})
		leave()
		rec := j.only(t)
		if rec["status"] != float64(c.status) || rec["level"] != c.level || rec["error"] != c.code ||
			rec["cause"] == nil {
			t.Errorf("%s: logged %v", name, rec)
		}
		if len(o.heard) != 1 || !strings.HasPrefix(o.heard[0], fmt.Sprintf("GET / %d ", c.status)) {
			t.Errorf("%s: measured %q", name, o.heard)
		}
		if n.Status != c.status || n.Failed != (c.status >= 500) {
			t.Errorf("%s: traced %+v", name, n.Ended)
		}
	}
}

// net/http says that the caller is gone by the request's context, over a connection.
func TestACallerWhoHangsUpIsRecordedAsGone(t *testing.T) {
	var j journal
	e := newEdge(&j, nil)
	router, waits, done := e.Router(), make(chan struct{}), make(chan struct{})
	router.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		close(waits)
		<-r.Context().Done()
		edge.Fail(r.Context(), "server_error", r.Context().Err())
		w.WriteHeader(http.StatusInternalServerError)
	})
	h := e.Handler(router)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-waits
		leave()
	}()
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Error("answered")
	}
	<-done
	if rec := j.only(t); rec["status"] != 499.0 || rec["level"] != "INFO" {
		t.Errorf("logged %v", rec)
	}
}
