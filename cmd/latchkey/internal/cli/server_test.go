package cli

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/server"

	"github.com/rogpeppe/go-internal/testscript"
)

// Some tests run the program as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"latchkey": func() {
		os.Exit(Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
	}})
}

func mustLoad(t *testing.T, path string, env ...string) *config.Config {
	t.Helper()
	c, err := config.Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

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

// listenManager is a service manager's end of the notification socket.
func listenManager(t *testing.T) *net.UnixConn {
	t.Helper()
	at := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	t.Setenv("NOTIFY_SOCKET", at)
	return socket
}
