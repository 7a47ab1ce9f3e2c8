package telemetry

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"latchkey/storage/kv"

	"go.opentelemetry.io/otel/trace"
)

// tracedEngine shows in a trace which operations of the store a request came to, how
// long each waited for the one writer, and how long for the disk.
type tracedEngine struct {
	kv.Engine
	tracer trace.Tracer
}

// Engine returns e as the store is to have it: without traces, e itself.
func (t *Traces) Engine(e kv.Engine) kv.Engine {
	if t == nil {
		return e
	}
	return tracedEngine{e, t.tracer}
}

// View implements kv.Engine.
func (e tracedEngine) View(ctx context.Context, fn func(kv.Reader) error) error {
	if !recording(ctx) {
		return e.Engine.View(ctx, fn)
	}
	ctx, span := e.tracer.Start(ctx, operation())
	defer span.End()
	return e.Engine.View(ctx, fn)
}

// Update implements kv.Engine.
func (e tracedEngine) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if !recording(ctx) {
		return e.Engine.Update(ctx, fn)
	}
	ctx, span := e.tracer.Start(ctx, operation())
	defer span.End()
	// Of the run that counted. They measure the closure and are none of its results.
	var began, done time.Time
	asked := time.Now()
	err := e.Engine.Update(ctx, func(tx kv.Txn) error {
		began = time.Now()
		defer func() { done = time.Now() }()
		return fn(tx)
	})
	if !began.IsZero() {
		e.waited(ctx, "kv.wait", asked, began)
		e.waited(ctx, "kv.commit", done, time.Now())
	}
	return err
}

func (e tracedEngine) waited(ctx context.Context, name string, from, to time.Time) {
	_, span := e.tracer.Start(ctx, name, trace.WithTimestamp(from))
	span.End(trace.WithTimestamp(to))
}

// operation is the operation of the store that called the engine, such as
// "storage.Grants.Redeem", whichever package below storage its noun is in. It looks at
// the stack, for a microsecond.
func operation() string {
	var stack [16]uintptr
	frames := runtime.CallersFrames(stack[:runtime.Callers(3, stack[:])])
	const unknown = "storage"
	name := unknown
	for {
		f, more := frames.Next()
		switch noun, found := nounOf(f.Function); {
		case found:
			name = unknown + "." + noun
		case name != unknown: // past it
			return name
		}
		if !more {
			return name
		}
	}
}

// nounOf returns the noun and its operation out of a function's full name. Functions of
// the engines and of records are none.
func nounOf(function string) (noun string, found bool) {
	rest, ok := strings.CutPrefix(function, "latchkey/storage/")
	if !ok {
		return "", false
	}
	floor, noun, _ := strings.Cut(rest, ".")
	return noun, slices.Contains([]string{"audit", "policy", "people", "apps", "grants", "store"}, floor)
}
