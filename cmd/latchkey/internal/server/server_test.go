package server

import (
	"path/filepath"
	"testing"

	"latchkey/cmd/latchkey/internal/config"
)

func testServer(t *testing.T, env ...string) *Server {
	t.Helper()
	c, err := config.Load("", append(env, "LATCHKEY_DATA_DIR="+filepath.Join(t.TempDir(), "data")))
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(t.Context(), c, ServeWait)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}
