package policy_test

import (
	"testing"
	"time"

	"latchkey/storage/kv/kvtest"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
)

func TestAnotherIssuerThanBeforeIsSaidForAWeek(t *testing.T) {
	const a, b, c = "https://a.example", "https://b.example", "http://a.example"
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		at := func(what, issuer, want string) {
			t.Helper()
			if got := h.As(t, issuer); got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		at("the first time", a, "")
		h.Clock.Add(30 * storetest.Day)
		at("the same", a, "")
		at("another", b, a)
		at("a restart", b, a)
		at("back", a, "")
		at("another", c, a)
		h.Clock.Add(7 * storetest.Day)
		at("a week later", c, a)
		h.Clock.Add(time.Second)
		at("and a second", c, "")
		at("back after that", a, c)
		h.Sound()
	})
}

// Commands that work without a server may be called with other variables than it has.
func TestOnlyAServerNotesItsIssuer(t *testing.T) {
	h := storetest.NewHouse(t)
	h.As(t, "https://a.example")
	s, err := store.Open(h.Ctx, kvtest.Strict(h.Engine),
		store.Options{Now: h.Clock.Now, Issuer: "http://localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	before := h.Engine.Commits()
	if got := storetest.Need(s.FormerIssuer(h.Ctx))(h); got != "https://a.example" {
		t.Errorf("%q", got)
	}
	if got := h.As(t, "https://a.example"); got != "" || h.Engine.Commits() != before {
		t.Errorf("%q, and %d commits", got, h.Engine.Commits()-before)
	}
}
