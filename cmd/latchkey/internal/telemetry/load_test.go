package telemetry

import (
	"testing"

	"latchkey/cmd/latchkey/internal/config"
)

func mustLoad(t *testing.T, path string, env ...string) *config.Config {
	t.Helper()
	c, err := config.Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
