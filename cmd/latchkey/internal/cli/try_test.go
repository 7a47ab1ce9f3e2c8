package cli

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/server"
	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/cmd/latchkey/internal/try"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// Whoever interrupts it while it registers must not be left with a client that nobody
// removes.
func TestASampleThatIsBeingRegisteredIsNotLostToAnInterruption(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := serving(t, "LATCHKEY_DATA_DIR="+data)
	caller, err := socket.Dial(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	sample := try.Registration{RedirectURIs: []string{"http://127.0.0.1/callback"},
		GrantTypes: []string{"authorization_code"}}
	made, err := register(interrupted, caller, sample, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := forget(interrupted, caller, made.ClientID); err != nil {
		t.Error(err)
	}
	s.wait(t)
}

// What is killed cannot clean up: the server does, once the sample's time is over.
func TestTheClientOfAKilledSampleEnds(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	s := serving(t, env...)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sample := exec.Command(self, "try", "--for", "10m")
	sample.Args[0], sample.Env = "latchkey", append(os.Environ(), append(env, "LATCHKEY_ISSUER="+s.url)...)
	out, err := sample.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sample.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if killed := sample.Process.Kill(); err != nil || killed != nil || !strings.HasPrefix(line, "Open ") {
		t.Fatalf("%q, %v, %v", line, err, killed)
	}
	_ = sample.Wait()
	s.wait(t)

	conf, err := config.Load("", env)
	if err != nil {
		t.Fatal(err)
	}
	h, err := server.Open(t.Context(), conf, server.ServeWait)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	own := apps.NewClient{ID: "latchkey-try-1", State: apps.ClientApproved, Metadata: apps.Metadata{ClientName: "Own",
		RedirectURIs: []string{"https://a.example/cb"}, TokenEndpointAuthMethod: apps.AuthMethodNone}}
	if _, err := h.Store.Clients.Create(t.Context(), storage.Operator, own); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{9 * time.Minute, 2}, {12 * time.Minute, 1}} {
		for _, j := range h.Jobs() {
			if j.Name != "samples" {
				continue
			}
			if err := j.Run(t.Context(), time.Now().Add(c.after)); err != nil {
				t.Error(err)
			}
		}
		if all, _, err := h.Store.Clients.List(t.Context(), nil, 10); err != nil || len(all) != c.left {
			t.Errorf("after %s: %d clients, want %d (%v)", c.after, len(all), c.left, err)
		}
	}
}
