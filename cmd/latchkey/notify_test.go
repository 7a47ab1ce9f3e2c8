package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/addrtest"
	"latchkey/storage/kv"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Whoever runs a command after “systemctl start” meets a server that answers: on its
// address and on the command line's socket.
func TestTheServiceManagerIsToldOnceRequestsAreAnswered(t *testing.T) {
	manager := listenManager(t)
	address := addrtest.Address(t, "127.0.0.1")
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data"), "LATCHKEY_LISTEN=" + address, "LATCHKEY_ISSUER=http://" + address}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	var log strings.Builder
	go func() { ended <- Run(ctx, []string{"serve"}, strings.NewReader(""), &strings.Builder{}, &log, env) }()

	if err := manager.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // it may never come
		t.Fatal(err)
	}
	message := make([]byte, 4096)
	n, err := manager.Read(message)
	if got := string(message[:n]); err != nil || !strings.Contains("\n"+got+"\n", "\nREADY=1\n") || !strings.Contains(got, address) {
		t.Errorf("%v: it was told %q", err, got)
	}
	if res, err := http.Get("http://" + address + pathReady); err != nil {
		t.Errorf("told too early: %v", err)
	} else if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Errorf("told too early: %s", res.Status)
	}
	if code, out, errs := run(t, env, "doctor"); !strings.Contains(out, "runs as process") {
		t.Errorf("told before the command line is answered: exit code %d\n%s%s", code, out, errs)
	}
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d\n%s", code, &log)
	}
	if n, err = manager.Read(message); err != nil || !strings.HasPrefix(string(message[:n]), "STOPPING=1\n") {
		t.Errorf("%v: at the stop it was told %q", err, message[:n])
	}
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
	h := testHouse(t)
	var dog job
	for _, j := range h.jobsAndWatchdog(slog.Default()) {
		if j.name == "watchdog" {
			dog = j
		}
	}
	if dog.every != 30*time.Second {
		t.Fatalf("it is told every %v", dog.every)
	}
	for range 2 {
		if err := dog.run(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
	}
	if got := told(); !slices.Equal(got, []string{"WATCHDOG=1", "WATCHDOG=1"}) {
		t.Errorf("alive, it says %q", got)
	}
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if err := dog.run(t.Context(), time.Now()); !errors.Is(err, kv.ErrClosed) {
		t.Error(err)
	}
	if got := told(); len(got) != 1 || strings.Contains(got[0], "WATCHDOG") || !strings.HasPrefix(got[0], "STATUS=Storage has stopped") || !strings.Contains(got[0], kv.ErrClosed.Error()) {
		t.Errorf("stopped, it says %q", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := dog.run(ctx, time.Now()); err != nil || len(told()) != 0 {
		t.Errorf("told to stop, it fails: %v", err)
	}
}

func TestSignsOfLifeAreGivenToWhoAsksForThem(t *testing.T) {
	h := testHouse(t)
	for usec, want := range map[string]bool{"": false, "60000000": true, "0": false, "often": false} {
		t.Setenv("WATCHDOG_USEC", usec)
		var log strings.Builder
		all := h.jobsAndWatchdog(slog.New(slog.NewTextHandler(&log, nil)))
		if got := all[len(all)-1].name == "watchdog"; got != want || (log.Len() > 0) != (usec == "0" || usec == "often") {
			t.Errorf("%q: %v\n%s", usec, got, &log)
		}
	}
}
