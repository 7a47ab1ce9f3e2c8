package storage

import (
	"testing"
	"time"

	"latchkey/storage/kv/kvtest"
)

// as is the same data served under an issuer; former is what the server is told.
func (h *house) as(t *testing.T, issuer string) (former string) {
	t.Helper()
	s, err := Open(h.ctx, kvtest.Strict(h.engine), Options{Now: h.clock.Now, Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	asked := need(s.FormerIssuer(h.ctx))(h)
	if former = need(s.Serve(h.ctx))(h); asked != former {
		t.Errorf("whoever asks is told %q, the server %q", asked, former)
	}
	return former
}

func TestAnotherIssuerThanBeforeIsSaidForAWeek(t *testing.T) {
	const a, b, c = "https://a.example", "https://b.example", "http://a.example"
	onEngines(t, func(t *testing.T, h *house) {
		at := func(what, issuer, want string) {
			t.Helper()
			if got := h.as(t, issuer); got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		at("the first time", a, "")
		h.clock.add(30 * day)
		at("the same", a, "")
		at("another", b, a)
		at("a restart", b, a)
		at("back", a, "")
		at("another", c, a)
		h.clock.add(7 * day)
		at("a week later", c, a)
		h.clock.add(time.Second)
		at("and a second", c, "")
		at("back after that", a, c)
		h.sound()
	})
}

// Commands that work without a server may be called with other variables than it has.
func TestOnlyAServerNotesItsIssuer(t *testing.T) {
	h := newHouse(t)
	h.as(t, "https://a.example")
	s, err := Open(h.ctx, kvtest.Strict(h.engine), Options{Now: h.clock.Now, Issuer: "http://localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	before := h.engine.Commits()
	if got := need(s.FormerIssuer(h.ctx))(h); got != "https://a.example" {
		t.Errorf("%q", got)
	}
	if got := h.as(t, "https://a.example"); got != "" || h.engine.Commits() != before {
		t.Errorf("%q, and %d commits", got, h.engine.Commits()-before)
	}
}
