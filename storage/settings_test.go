package storage

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func (h *house) settings() Settings {
	h.t.Helper()
	return need(h.Settings.Get(h.ctx))(h)
}

func TestAProviderThatNobodyConfiguredHasTheDefaults(t *testing.T) {
	h := newHouse(t)
	d := DefaultSettings()
	if got := h.settings(); !reflect.DeepEqual(got, d) {
		t.Errorf("%+v", got)
	}
	if err := d.validate(); err != nil {
		t.Errorf("the defaults are out of range: %v", err)
	}
}

func TestSettingsOutOfRangeAreRefused(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		field  string
		change func(*Settings)
	}{
		{"branding.name", func(s *Settings) { s.Branding.Name = "" }},
		{"branding.name", func(s *Settings) { s.Branding.Name = " " }},
		{"branding.name", func(s *Settings) { s.Branding.Name = strings.Repeat("x", 61) }},
		{"branding.name", func(s *Settings) { s.Branding.Name = "a\nb" }},
		{"branding.accent", func(s *Settings) { s.Branding.Accent = "blue" }},
		{"branding.accent", func(s *Settings) { s.Branding.Accent = "#12345g" }},
		{"branding.accent", func(s *Settings) { s.Branding.Accent = "#123456;}" }},
		{"branding.logo", func(s *Settings) { s.Branding.Logo = make([]byte, logoMost+1) }},
		{"branding.logo_type", func(s *Settings) { s.Branding.Logo, s.Branding.LogoType = []byte("x"), "text/html" }},
		{"branding.home_url", func(s *Settings) { s.Branding.HomeURL = "javascript:alert(1)" }},
		{"branding.support_url", func(s *Settings) { s.Branding.SupportURL = "x" }},
		{"branding.privacy_url", func(s *Settings) { s.Branding.PrivacyURL = "//x" }},
		{"branding.terms_url", func(s *Settings) { s.Branding.TermsURL = "data:x" }},
		{"branding.support_email", func(s *Settings) { s.Branding.SupportMail = "x" }},
		{"lifetimes.code", func(s *Settings) { s.Lifetimes.Code = 9 }},
		{"lifetimes.code", func(s *Settings) { s.Lifetimes.Code = 601 }},
		{"lifetimes.access_token", func(s *Settings) { s.Lifetimes.AccessToken = 86401 }},
		{"lifetimes.id_token", func(s *Settings) { s.Lifetimes.IDToken = 59 }},
		{"lifetimes.session_idle", func(s *Settings) { s.Lifetimes.SessionIdle = 299 }},
		{"lifetimes.session_absolute", func(s *Settings) { s.Lifetimes.SessionAbsolute = 400*86400 + 1 }},
		{"lifetimes.flow", func(s *Settings) { s.Lifetimes.Flow = 59 }},
		{"lifetimes.setup_link", func(s *Settings) { s.Lifetimes.SetUpLink = 7*86400 + 1 }},
		{"lifetimes.recovery_link", func(s *Settings) { s.Lifetimes.RecoveryLink = 0 }},
		{"throttle.failures", func(s *Settings) { s.Throttle.Failures = 2 }},
		{"throttle.window_seconds", func(s *Settings) { s.Throttle.Window = 3600 }},
		{"throttle.pause_seconds", func(s *Settings) { s.Throttle.Pause = 3601 }},
		{"throttle.pause_most_seconds", func(s *Settings) { s.Throttle.PauseMost = 43201 }},
		{"default_signing_algorithm", func(s *Settings) { s.DefaultSigningAlgorithm = "EdDSA" }},
		{"default_signing_algorithm", func(s *Settings) { s.DefaultSigningAlgorithm = "none" }},
		{"offline_grants", func(s *Settings) { s.OfflineGrants = 0 }},
		{"offline_grants", func(s *Settings) { s.OfflineGrants = 101 }},
		{"daily_sign_ins", func(s *Settings) { s.DailySignIns = 99 }},
		{"audit_retention_seconds", func(s *Settings) { s.AuditRetention = 3600 }},
		{"audit_retention_seconds", func(s *Settings) { s.AuditRetention = 1 << 63 }},
	} {
		s := h.settings()
		c.change(&s)
		wantInvalid(t, h.Settings.Set(h.ctx, Operator, s), c.field)
	}
	if got := h.settings(); got.Epoch != 0 {
		t.Errorf("a refused change made epoch %d", got.Epoch)
	}
}

func TestSettingsReadBeforeAnotherChangeAreStale(t *testing.T) {
	h := newHouse(t)
	old := h.settings()
	first := old
	first.Branding.Name = "First"
	h.ok(h.Settings.Set(h.ctx, Operator, first))
	old.Branding.Name = "Second"
	wantErr(t, h.Settings.Set(h.ctx, Operator, old), ErrStale)
	if got := h.settings(); got.Branding.Name != "First" || got.Epoch != 1 {
		t.Errorf("%+v", got)
	}
	now := h.settings()
	got := h.atOnce(20, func(int) string { return outcome(h.Settings.Set(h.ctx, Operator, now)) })
	if got["done"] != 1 || got[ErrStale.Error()] != 19 {
		t.Errorf("%v", got)
	}
}

func TestWhatWasNeverChangedStaysTheDefault(t *testing.T) {
	h := newHouse(t)
	s := h.settings()
	s.Lifetimes.Code = 30
	s.Branding.Logo, s.Branding.LogoType = []byte("logo"), "image/png"
	h.ok(h.Settings.Set(h.ctx, Operator, s))
	stored := need(update(h.ctx, h.base, func(tx writer) (*Settings, error) { return h.base.storedSettings(tx) }))(h)
	want := Settings{Lifetimes: Lifetimes{Code: 30}, Epoch: 1, Changed: uint64(h.clock.Now().Unix()), Branding: Branding{Logo: []byte("logo"), LogoType: "image/png"}}
	if !reflect.DeepEqual(*stored, want) {
		t.Errorf("stored is %+v", stored)
	}
	s.Epoch, s.Changed = 1, want.Changed
	if got := h.settings(); !reflect.DeepEqual(got, s) {
		t.Errorf("%+v", got)
	}
	s.Branding.Logo = nil
	h.ok(h.Settings.Set(h.ctx, Operator, s))
	if got := h.settings(); len(got.Branding.Logo) != 0 {
		t.Error("the logo cannot be taken away")
	}
}

func TestEverySettingHasAName(t *testing.T) {
	s := DefaultSettings()
	seen := make(map[string]bool)
	for _, l := range leaves(&s) {
		if l.name == "" || strings.HasSuffix(l.name, ".") || seen[l.name] {
			t.Errorf("a setting is called %q", l.name)
		}
		seen[l.name] = true
	}
	if !seen["lifetimes.code"] || !seen["epoch"] {
		t.Errorf("%v", seen)
	}
}

// pinned is a house with a configuration file that pins two settings.
func pinned(s *Settings) {
	s.Branding.Name, s.Lifetimes.Code, s.Epoch = "Pinned", 45, 99
}

func TestPinnedSettingsWinWhereverSettingsAreRead(t *testing.T) {
	h := newHouse(t)
	s := h.settings()
	s.Branding.Name, s.Lifetimes.Code, s.Lifetimes.Flow = "Stored", 30, 600
	h.ok(h.Settings.Set(h.ctx, Operator, s))
	for name, h := range map[string]*house{"nothing stored": houseOver(t, newHouse(t).engine, Options{Pin: pinned}), "stored": houseOver(t, h.engine, Options{Pin: pinned})} {
		for range 2 { // the second time from the cache
			if got := h.settings(); got.Branding.Name != "Pinned" || got.Lifetimes.Code != 45 || got.Epoch == 99 {
				t.Errorf("%s: %+v", name, got)
			}
		}
		u, c := h.user("ada"), h.client("demo")
		g := h.grant(u, c, h.signIn(u), ScopeOpenID)
		if life := g.CodeExpires.Sub(g.Created); life != Seconds(45) {
			t.Errorf("%s: the code lives %v", name, life)
		}
		if st := need(h.Grants.Standing(h.ctx, ID{}, "demo", nil, nil))(h); st.Settings.Branding.Name != "Pinned" {
			t.Errorf("%s: %+v", name, st.Settings)
		}
	}
}

func TestPinnedSettingsAreNeitherChangedNorStored(t *testing.T) {
	engine := newHouse(t).engine
	h := houseOver(t, engine, Options{Pin: pinned})
	s := h.settings()
	s.Branding.Name = "Mine"
	wantInvalid(t, h.Settings.Set(h.ctx, Operator, s), "branding.name")
	s = h.settings()
	s.Lifetimes.Code, s.Lifetimes.Flow = 60, 600
	wantInvalid(t, h.Settings.Set(h.ctx, Operator, s), "lifetimes.code")
	s.Lifetimes.Code = 45
	h.ok(h.Settings.Set(h.ctx, Operator, s))
	if got := h.settings(); got.Lifetimes.Flow != 600 || got.Epoch != 1 {
		t.Errorf("%+v", got)
	}
	raw := need(view(h.ctx, h.base, func(r reader) ([]byte, error) {
		raw, _, err := r.Get([]byte{spaceSettings})
		return bytes.Clone(raw), err
	}))(h)
	if bytes.Contains(raw, []byte("Pinned")) {
		t.Error("what is pinned was stored")
	}
	free := houseOver(t, engine, Options{}) // the lines are taken out of the file
	if got := free.settings(); got.Branding.Name != "Latchkey" || got.Lifetimes.Code != 60 || got.Lifetimes.Flow != 600 {
		t.Errorf("%+v", got)
	}
}

func TestPinnedSettingsOutOfRangeAreRefusedAtOpen(t *testing.T) {
	_, err := Open(t.Context(), newHouse(t).engine, Options{Pin: func(s *Settings) { s.Lifetimes.Code = 1 }})
	wantInvalid(t, err, "lifetimes.code")
	if err == nil || !strings.Contains(err.Error(), "pinned") {
		t.Errorf("%v", err)
	}
}
