package edge

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// exchange is what the edge knows of one request. Handlers add to it; the
// outermost layer writes it, once.
type exchange struct {
	origin   origin
	id       string
	observer Observer // nil: none
	span     Span     // nil: none

	mu       sync.Mutex
	route    string // the matched template, empty when none matched
	clientID string
	sub      string
	code     string
	cause    error
	panicked string
	stack    string
	quiet    bool
	warned   bool
	busy     bool // answered 503 with Retry-After: there was too much to do
	notes    []slog.Attr
}

type exchangeKey struct{}

// of returns the exchange of ctx. Outside the edge (a handler tested alone, a
// background job) it returns one that nobody will read, so that setters never
// need a check.
func of(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

func (x *exchange) set(change func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change()
}

// RequestID returns the id of the request, which error pages show and the log
// record carries; empty outside the edge.
func RequestID(ctx context.Context) string { return of(ctx).id }

// ClientAddr returns the address the request came from: the connection's peer,
// or what trusted proxies said of it. It is the zero Addr when there is none.
func ClientAddr(ctx context.Context) netip.Addr { return of(ctx).origin.addr }

// Scheme returns "https" or "http", as the browser sees it.
func Scheme(ctx context.Context) string { return of(ctx).origin.scheme }

// ClientID records the client the request is about. Set it once the client has
// been found: an unknown id is foreign input.
func ClientID(ctx context.Context, id string) {
	x := of(ctx)
	x.set(func() { x.clientID = clip(id, maxNote) })
}

// Sub records the user the request acts for.
func Sub(ctx context.Context, sub string) {
	x := of(ctx)
	x.set(func() { x.sub = clip(sub, maxNote) })
}

// Fail records why the request was refused or failed: the code that the caller
// was given (such as "invalid_grant") and the cause, which only the log sees.
func Fail(ctx context.Context, code string, cause error) {
	x := of(ctx)
	x.set(func() { x.code, x.cause = clip(code, maxNote), cause })
}

// Note adds attributes to the record; the last one of a key wins. Never note
// anything that was sent: a value looked up or chosen here only.
func Note(ctx context.Context, attrs ...slog.Attr) {
	x := of(ctx)
	x.set(func() {
		for _, a := range attrs {
			x.note(a)
		}
	})
}

// Quiet lowers the record of a request that succeeds to debug level. Health
// checks ask for it.
func Quiet(ctx context.Context) {
	x := of(ctx)
	x.set(func() { x.quiet = true })
}

// Warn raises the record of a request to a warning: what happened may be an attack.
func Warn(ctx context.Context) {
	x := of(ctx)
	x.set(func() { x.warned = true })
}

func (x *exchange) note(a slog.Attr) {
	if a.Value.Kind() == slog.KindString {
		a.Value = slog.StringValue(clip(a.Value.String(), maxNote))
	}
	for i := range x.notes {
		if x.notes[i].Key == a.Key {
			x.notes[i] = a
			return
		}
	}
	x.notes = append(x.notes, a)
}

// record writes the one log record of the exchange.
func (e *Edge) record(r *http.Request, x *exchange, status int, bytes int64, took time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	level := x.level(status)
	if !e.opts.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs,
		slog.String("method", clip(r.Method, 20)),
		slog.String("route", x.route),
		slog.String("path", scrubPath(r.URL.Path, x.route)),
		slog.Int("status", status),
		slog.Int64("bytes", bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("remote", remote(r, x)),
		slog.String("request_id", x.id),
	)
	attrs = appendText(attrs, "trace_id", x.traceID())
	attrs = appendText(attrs, "client_id", x.clientID)
	attrs = appendText(attrs, "sub", x.sub)
	attrs = appendText(attrs, "error", x.code)
	if x.cause != nil {
		attrs = append(attrs, slog.String("cause", clip(scrub(x.cause.Error()), maxCause)))
	}
	if x.panicked != "" {
		attrs = append(attrs, slog.String("panic", clip(scrub(x.panicked), maxCause)), slog.String("stack", x.stack))
	}
	attrs = append(attrs, x.notes...)
	// By the handler, since the logger would look for the line of code that asks.
	record := slog.NewRecord(time.Now(), level, "request", 0)
	record.AddAttrs(attrs...)
	_ = e.opts.Log.Handler().Handle(r.Context(), record) // like the logger: nobody to tell
}

func (x *exchange) level(status int) slog.Level {
	switch {
	case (status >= 500 && !x.busy) || x.panicked != "":
		return slog.LevelError
	case x.warned || x.busy: // there is more to do than can be done at once: nothing is broken
		return slog.LevelWarn
	case x.quiet && status < 400:
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

// remote is the caller's address; whoever comes by a unix socket has none.
func remote(r *http.Request, x *exchange) string {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return "socket"
	}
	return x.origin.String()
}

func appendText(attrs []slog.Attr, key, text string) []slog.Attr {
	if text == "" {
		return attrs
	}
	return append(attrs, slog.String(key, text))
}
