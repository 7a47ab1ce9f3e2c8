package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	sample := try.Registration{RedirectURIs: []string{"http://127.0.0.1/callback"}, GrantTypes: []string{"authorization_code"}}
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

	conf, err := loadConfig("", env)
	if err != nil {
		t.Fatal(err)
	}
	h, err := openHouse(t.Context(), conf, serveWait)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	own := apps.NewClient{ID: "latchkey-try-1", State: apps.ClientApproved, Metadata: apps.Metadata{ClientName: "Own",
		RedirectURIs: []string{"https://a.example/cb"}, TokenEndpointAuthMethod: apps.AuthMethodNone}}
	if _, err := h.store.Clients.Create(t.Context(), storage.Operator, own); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{9 * time.Minute, 2}, {12 * time.Minute, 1}} {
		for _, j := range h.jobs() {
			if j.name != "samples" {
				continue
			}
			if err := j.run(t.Context(), time.Now().Add(c.after)); err != nil {
				t.Error(err)
			}
		}
		if all, _, err := h.store.Clients.List(t.Context(), nil, 10); err != nil || len(all) != c.left {
			t.Errorf("after %s: %d clients, want %d (%v)", c.after, len(all), c.left, err)
		}
	}
}
