package doctor

import (
	"path/filepath"
	"testing"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/server"
)

// testServer serves data of its own.
func testServer(t *testing.T, env ...string) *server.Server {
	t.Helper()
	c, err := config.Load("", append(env, "LATCHKEY_DATA_DIR="+filepath.Join(t.TempDir(), "data")))
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(t.Context(), c, server.ServeWait)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
