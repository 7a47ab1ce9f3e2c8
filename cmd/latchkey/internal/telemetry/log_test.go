package telemetry

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"latchkey/cmd/latchkey/internal/config"
)

func TestLibrariesLogFaultsOnly(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(&out, &config.Config{LogLevel: "debug"})
	for _, l := range []*slog.Logger{ForLibraries(log), ForLibraries(log).With("a", 1),
		ForLibraries(log).WithGroup("g")} {
		l.Info("registered route")
		l.Warn("request error")
		l.Error("a fault")
	}
	log.Info("our own")
	if got := out.String(); strings.Contains(got, "route") || strings.Contains(got, "request error") ||
		strings.Count(got, "a fault") != 3 || !strings.Contains(got, "our own") {
		t.Errorf("the log holds:\n%s", got)
	}
}
