package socket_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/storage"
)

// seven answers whoever is let through to it with a status.
var seven = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"pid": 7}`)) })

// serveSocket serves handler on the socket of dir until the test ends.
func serveSocket(t *testing.T, dir string, handler http.Handler) net.Listener {
	t.Helper()
	l, err := socket.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: socket.SameUser(handler), ConnContext: socket.ConnContext}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return l
}

func deep(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 60), strings.Repeat("e", 60))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCallsGoOverTheSocketHoweverLongItsPath(t *testing.T) {
	for name, dir := range map[string]string{"short": t.TempDir(), "long": deep(t)} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", "")
			l := serveSocket(t, dir, seven)
			c, err := socket.Dial(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if s, err := c.GetStatus(t.Context()); err != nil || s.PID != 7 {
				t.Errorf("%+v %v", s, err)
			}
			info, err := os.Stat(l.Addr().String())
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("socket: %v %v", info.Mode(), err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			for _, path := range []string{l.Addr().String(), filepath.Join(dir, "latchkey.sock")} {
				if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s is left behind: %v", path, err)
				}
			}
		})
	}
}

func TestRuntimeDirectoryIsUsedOnlyIfItIsOurs(t *testing.T) {
	for mode, want := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o777: false} {
		runtime, err := os.MkdirTemp("/tmp", "rt")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(runtime) })
		if err := os.Chmod(runtime, mode); err != nil {
			t.Fatal(err)
		}
		t.Setenv("XDG_RUNTIME_DIR", runtime)
		l, err := socket.Listen(deep(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := filepath.Dir(l.Addr().String()) == runtime; got != want {
			t.Errorf("mode %o: socket at %s", mode, l.Addr())
		}
		_ = l.Close()
	}
}

func TestStaleSocketIsReplacedAndOtherFilesAreNot(t *testing.T) {
	for name, dir := range map[string]string{"short": t.TempDir(), "long": deep(t)} {
		t.Run(name, func(t *testing.T) {
			first, err := socket.Listen(dir)
			if err != nil {
				t.Fatal(err)
			}
			at := first.Addr().String()
			if u, ok := unwrap(first); ok {
				u.SetUnlinkOnClose(false) // as after kill -9
				_ = u.Close()
			}
			if _, err := os.Lstat(at); err != nil {
				t.Fatal("no stale socket to test with")
			}
			if _, err := socket.Dial(t.Context(), dir); err == nil {
				t.Error("a stale socket answered")
			}
			second, err := socket.Listen(dir)
			if err != nil {
				t.Fatal(err)
			}
			_ = second.Close()
		})
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "latchkey.sock"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := socket.Listen(dir); err == nil || !strings.Contains(err.Error(), "in the way") {
		t.Errorf("somebody's file was replaced: %v", err)
	}
}

func unwrap(l net.Listener) (*net.UnixListener, bool) {
	u, ok := socket.Inner(l).(*net.UnixListener)
	return u, ok
}

func TestNobodyListens(t *testing.T) {
	for _, dir := range []string{t.TempDir(), deep(t), "/nowhere"} {
		if _, err := socket.Dial(t.Context(), dir); err == nil {
			t.Errorf("%s answered", dir)
		}
	}
}

func TestWhoeverTheServerCannotNameIsRefused(t *testing.T) {
	c := client.InProcess(socket.SameUser(seven)) // without ConnContext, as over TCP
	var p *wire.Problem
	if _, err := c.GetStatus(t.Context()); !errors.As(err, &p) || p.Status != 403 ||
		!errors.Is(err, storage.ErrForbidden) {
		t.Errorf("%v", err)
	}
}
