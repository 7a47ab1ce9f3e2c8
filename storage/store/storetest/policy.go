package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/grants"
	"latchkey/storage/kv/kvtest"
	"latchkey/storage/policy"
	"latchkey/storage/store"
)

// Rotated is a grant whose first refresh token was replaced a moment ago.
func (h *House) Rotated() *grants.Grant {
	h.T.Helper()
	g := h.Refreshable()
	if out := h.Refresh(g, 0); out.Generation != 1 {
		h.T.Fatalf("%+v", out)
	}
	return g
}

// serve lets a server be at work for a time, with its job once a minute.
func (h *House) KeepAlive(minutes int) {
	h.T.Helper()
	for range minutes {
		h.Clock.Add(time.Minute)
		h.Ok(h.Alive(h.Ctx))
	}
}

func (h *House) GraceOf(seconds uint32) {
	h.T.Helper()
	set := h.SettingsNow()
	set.Lifetimes.RefreshGrace = seconds
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, set))
}

// As is the same data served under an issuer; former is what the server is told.
func (h *House) As(t *testing.T, issuer string) (former string) {
	t.Helper()
	s, err := store.Open(h.Ctx, kvtest.Strict(h.Engine), store.Options{Now: h.Clock.Now, Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	asked := Need(s.FormerIssuer(h.Ctx))(h)
	if former = Need(s.Serve(h.Ctx))(h); asked != former {
		t.Errorf("whoever asks is told %q, the server %q", asked, former)
	}
	return former
}

func Change(name, value string) policy.SettingChange {
	return policy.SettingChange{Name: name, Value: json.RawMessage(value)}
}

// Setting is one of the list.
func (h *House) Setting(name string) policy.Setting {
	h.T.Helper()
	for _, s := range Need(h.Settings.List(h.Ctx))(h) {
		if s.Name == name {
			return s
		}
	}
	h.T.Fatalf("no setting is called %s", name)
	return policy.Setting{}
}

func (h *House) SettingsNow() policy.Settings {
	h.T.Helper()
	return Need(h.Settings.Get(h.Ctx))(h)
}

// Restarted is the same data in a store of a process started anew, with pins.
func (h *House) Restarted(t *testing.T, p func(*policy.Settings)) *House {
	t.Helper()
	s, err := store.Open(t.Context(), kvtest.Strict(h.Engine), store.Options{Now: h.Clock.Now, Pin: p})
	if err != nil {
		t.Fatal(err)
	}
	again := *h
	again.Store = s
	return &again
}
