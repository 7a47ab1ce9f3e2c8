package edge

import (
	"context"
	"net/http"
	"time"
)

// An Observer measures what passes the edge. Its methods run within requests, so
// they are quick and safe for concurrent use. No argument holds anything that was
// sent: there are as many values as there are routes, methods and words of ours.
type Observer interface {
	// Request hears of each exchange when it is over. route is the matched
	// template, empty when none matched; a method that HTTP does not know is
	// "other". status is 499, which no caller is ever answered, if the caller went away
	// before there was an answer.
	Request(route, method string, status int, took time.Duration)
	// Event hears of what handlers count: see [Count].
	Event(what, result string)
}

// Count tells the observer that something happened, such as "sign_in", and how it
// ended. Both are words chosen here, never anything that was sent.
func Count(ctx context.Context, what, result string) {
	if o := of(ctx).observer; o != nil {
		o.Event(what, result)
	}
}

// observe tells the observer of an exchange that is over.
func (e *Edge) observe(r *http.Request, x *exchange, status int, took time.Duration) {
	if x.observer == nil {
		return
	}
	x.mu.Lock()
	route := x.route
	x.mu.Unlock()
	x.observer.Request(route, knownMethod(r.Method), status, took)
}

func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "other"
}
