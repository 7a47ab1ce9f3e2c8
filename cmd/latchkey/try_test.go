package main

import (
	"context"
	"path/filepath"
	"testing"

	"latchkey/cmd/latchkey/internal/try"
	"latchkey/storage/api"
)

// Whoever interrupts it while it registers must not be left with a client that nobody
// removes.
func TestASampleThatIsBeingRegisteredIsNotLostToAnInterruption(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := serving(t, "LATCHKEY_DATA_DIR="+data)
	caller, err := api.Dial(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	made, err := register(interrupted, caller, try.Registration{RedirectURIs: []string{"http://127.0.0.1/callback"}, GrantTypes: []string{"authorization_code"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := forget(interrupted, caller, made.ClientID); err != nil {
		t.Error(err)
	}
	s.wait(t)
}
