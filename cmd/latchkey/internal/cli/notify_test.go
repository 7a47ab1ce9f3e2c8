package cli

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/cmd/latchkey/internal/server"
	"latchkey/internal/addrtest"
)

// Whoever runs a command after “systemctl start” meets a server that answers: on its
// address and on the command line's socket.
func TestTheServiceManagerIsToldOnceRequestsAreAnswered(t *testing.T) {
	manager := listenManager(t)
	address := addrtest.Address(t, "127.0.0.1")
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data"), "LATCHKEY_LISTEN=" + address,
		"LATCHKEY_ISSUER=http://" + address}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	var log strings.Builder
	go func() { ended <- Run(ctx, []string{"serve"}, strings.NewReader(""), &strings.Builder{}, &log, env) }()

	if err := manager.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // it may never come
		t.Fatal(err)
	}
	message := make([]byte, 4096)
	n, err := manager.Read(message)
	if got := string(message[:n]); err != nil || !strings.Contains("\n"+got+"\n", "\nREADY=1\n") ||
		!strings.Contains(got, address) {
		t.Errorf("%v: it was told %q", err, got)
	}
	if res, err := http.Get("http://" + address + server.PathReady); err != nil {
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
