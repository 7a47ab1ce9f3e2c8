package main

import (
	"io"
	"log/slog"
)

// newLog writes the log in the configured form. Only the server logs; verbs tell
// what went wrong as an error.
func newLog(w io.Writer, c *Config) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.level()}
	if c.LogFormat == formatJSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
