package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage/kv"

	"github.com/coreos/go-systemd/v22/daemon"
)

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

// manager returns what says all that a service manager was told since it was last asked.
func manager(t *testing.T) (told func() []string) {
	t.Helper()
	socket := listenManager(t)
	return func() (all []string) {
		const end = "that is all"
		if _, err := daemon.SdNotify(false, end); err != nil {
			t.Fatal(err)
		}
		message := make([]byte, 4096)
		for {
			n, err := socket.Read(message)
			if err != nil {
				t.Fatal(err)
			}
			if string(message[:n]) == end {
				return all
			}
			all = append(all, string(message[:n]))
		}
	}
}

// A full disk stops the storage until a restart, and at night nobody is there to do it.
func TestTheServiceManagerHearsSignsOfLifeUntilStorageStopsAndThenWhy(t *testing.T) {
	told := manager(t)
	t.Setenv("WATCHDOG_USEC", "60000000")
	h := testServer(t)
	var dog job
	for _, j := range h.jobsAndWatchdog(slog.Default()) {
		if j.Name == "watchdog" {
			dog = j
		}
	}
	if dog.every != 30*time.Second {
		t.Fatalf("it is told every %v", dog.every)
	}
	for range 2 {
		if err := dog.Run(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
	}
	if got := told(); !slices.Equal(got, []string{"WATCHDOG=1", "WATCHDOG=1"}) {
		t.Errorf("alive, it says %q", got)
	}
	if err := h.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	if err := dog.Run(t.Context(), time.Now()); !errors.Is(err, kv.ErrClosed) {
		t.Error(err)
	}
	if got := told(); len(got) != 1 || strings.Contains(got[0], "WATCHDOG") ||
		!strings.HasPrefix(got[0], "STATUS=Storage has stopped") || !strings.Contains(got[0], kv.ErrClosed.Error()) {
		t.Errorf("stopped, it says %q", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := dog.Run(ctx, time.Now()); err != nil || len(told()) != 0 {
		t.Errorf("told to stop, it fails: %v", err)
	}
}

func TestSignsOfLifeAreGivenToWhoAsksForThem(t *testing.T) {
	h := testServer(t)
	for usec, want := range map[string]bool{"": false, "60000000": true, "0": false, "often": false} {
		t.Setenv("WATCHDOG_USEC", usec)
		var log strings.Builder
		all := h.jobsAndWatchdog(slog.New(slog.NewTextHandler(&log, nil)))
		if got := all[len(all)-1].Name == "watchdog"; got != want ||
			(log.Len() > 0) != (usec == "0" || usec == "often") {
			t.Errorf("%q: %v\n%s", usec, got, &log)
		}
	}
}
