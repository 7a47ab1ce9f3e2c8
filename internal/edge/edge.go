package edge

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"latchkey/internal/limit"
)

// Options say how an [Edge] behaves. The zero value logs to slog's default
// logger, trusts no proxy, and answers errors in plain text.
type Options struct {
	// Log receives one record per request.
	Log *slog.Logger
	// Secure says that the issuer is https: answers carry
	// Strict-Transport-Security, and requests that did not come over https
	// are refused, except at the paths in Plain.
	Secure bool
	// Plain are the paths served over plain http although Secure is set:
	// health checks, which orchestrators ask directly.
	Plain []string
	// Proxies are the reverse proxies whose forwarding headers count.
	Proxies Proxies
	// Limits bound what a request may carry.
	Limits Limits
	// Fail writes the answer for a problem found at the edge. It is given a
	// writer whose headers hold the base headers only. nil means plain text.
	Fail func(http.ResponseWriter, *http.Request, Problem)

	// Observer measures; nil means that nobody does.
	Observer Observer
	// Tracer follows exchanges; nil means that nobody does.
	Tracer Tracer

	// Now and Random are the clock and the source of request ids; nil means
	// the real ones.
	Now    func() time.Time
	Random io.Reader
}

// A Problem is an answer that the edge itself has to give. Message is one or
// two sentences that are safe to show to anyone.
type Problem struct {
	Status     int
	Message    string
	RetryAfter time.Duration // sent as Retry-After; zero: none
}

// An Edge wraps the handlers of one listener.
type Edge struct {
	opts Options
	base http.Header // what every answer carries
	held *limit.Shares
}

// New returns an Edge. Options left out get their defaults.
func New(opts Options) *Edge {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Fail == nil {
		opts.Fail = plainText
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	opts.Limits = opts.Limits.withDefaults()
	return &Edge{opts: opts, base: baseHeader(opts.Secure), held: limit.NewShares(opts.Limits.Held, 0)}
}

// Handler puts the edge around next, which is usually a router made by
// [Edge.Router].
func (e *Edge) Handler(next http.Handler) http.Handler {
	inner := e.recovered(e.guarded(next))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := e.opts.Now()
		from := e.opts.Proxies.origin(r)
		x := &exchange{origin: from, id: e.requestID(r, from.viaProxy), observer: e.opts.Observer}
		r = r.WithContext(e.begin(context.WithValue(r.Context(), exchangeKey{}, x), r, x))
		// Behind a trusted proxy the name the browser asked for is the
		// forwarded one; same-origin checks compare against it.
		r.Host = from.host

		out := &writer{ResponseWriter: w}
		// Deferred, so that an exchange aborted halfway is recorded too.
		defer func() {
			took, status := e.opts.Now().Sub(begin), x.outcome(r, out)
			x.busy = status == http.StatusServiceUnavailable && out.Header().Get("Retry-After") != ""
			e.record(r, x, status, out.bytes, took)
			e.observe(r, x, status, took)
			x.end(r, status)
		}()
		inner.ServeHTTP(out, r)
	})
}

// fail answers with p through the configured renderer.
func (e *Edge) fail(w http.ResponseWriter, r *http.Request, p Problem) {
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(p.RetryAfter.Seconds())))
	}
	e.opts.Fail(w, r, p)
}

func plainText(w http.ResponseWriter, r *http.Request, p Problem) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = io.WriteString(w, p.Message+"\nRequest id: "+RequestID(r.Context())+"\n")
}
