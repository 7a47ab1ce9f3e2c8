package main

import (
	"context"
	"io"
	"log/slog"
)

// newLog writes the log in the configured form. Only the server logs; verbs tell
// what went wrong as an error.
func newLog(w io.Writer, c *Config) *slog.Logger {
	opts := &slog.HandlerOptions{Level: logLevel(c)}
	if c.LogFormat == formatJSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// forLibraries is what libraries get that log by themselves: faults only. A request
// has one record, and the edge writes it.
func forLibraries(log *slog.Logger) *slog.Logger { return slog.New(faultsOnly{log.Handler()}) }

type faultsOnly struct{ slog.Handler }

func (h faultsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}

func (h faultsOnly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return faultsOnly{h.Handler.WithAttrs(attrs)}
}

func (h faultsOnly) WithGroup(name string) slog.Handler { return faultsOnly{h.Handler.WithGroup(name)} }
