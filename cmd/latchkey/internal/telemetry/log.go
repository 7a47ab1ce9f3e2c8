package telemetry

import (
	"context"
	"io"
	"log/slog"

	"latchkey/cmd/latchkey/internal/config"
)

// NewLog writes the log in the configured form. Only the server logs; verbs tell
// what went wrong as an error.
func NewLog(w io.Writer, c *config.Config) *slog.Logger {
	opts := &slog.HandlerOptions{Level: logLevel(c)}
	if c.LogFormat == config.FormatJSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// ForLibraries is what libraries get that log by themselves: faults only. A request
// has one record, and the edge writes it.
func ForLibraries(log *slog.Logger) *slog.Logger { return slog.New(faultsOnly{log.Handler()}) }

type faultsOnly struct{ slog.Handler }

func (h faultsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}

func (h faultsOnly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return faultsOnly{h.Handler.WithAttrs(attrs)}
}

func (h faultsOnly) WithGroup(name string) slog.Handler { return faultsOnly{h.Handler.WithGroup(name)} }

func logLevel(c *config.Config) slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(c.LogLevel)) // checked by Validate
	return l
}
