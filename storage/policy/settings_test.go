package policy_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestAProviderThatNobodyConfiguredHasTheDefaults(t *testing.T) {
	h := storetest.NewHouse(t)
	d := policy.DefaultSettings()
	if got := h.SettingsNow(); !reflect.DeepEqual(got, d) {
		t.Errorf("%+v", got)
	}
	if err := d.Validate(); err != nil {
		t.Errorf("the defaults are out of range: %v", err)
	}
}

func TestSettingsOutOfRangeAreRefused(t *testing.T) {
	h := storetest.NewHouse(t)
	for _, c := range []struct {
		field  string
		change func(*policy.Settings)
	}{
		{"branding.name", func(s *policy.Settings) { s.Branding.Name = "" }},
		{"branding.name", func(s *policy.Settings) { s.Branding.Name = " " }},
		{"branding.name", func(s *policy.Settings) { s.Branding.Name = strings.Repeat("x", 61) }},
		{"branding.name", func(s *policy.Settings) { s.Branding.Name = "a\nb" }},
		{"branding.accent", func(s *policy.Settings) { s.Branding.Accent = "blue" }},
		{"branding.accent", func(s *policy.Settings) { s.Branding.Accent = "#12345g" }},
		{"branding.accent", func(s *policy.Settings) { s.Branding.Accent = "#123456;}" }},
		{"branding.logo", func(s *policy.Settings) { s.Branding.Logo = make([]byte, policy.MaxLogo+1) }},
		{"branding.logo_type", func(s *policy.Settings) {
			s.Branding.Logo, s.Branding.LogoType = []byte("x"),
				"text/html"
		}},
		{"branding.home_url", func(s *policy.Settings) { s.Branding.HomeURL = "javascript:alert(1)" }},
		{"branding.support_url", func(s *policy.Settings) { s.Branding.SupportURL = "x" }},
		{"branding.privacy_url", func(s *policy.Settings) { s.Branding.PrivacyURL = "//x" }},
		{"branding.terms_url", func(s *policy.Settings) { s.Branding.TermsURL = "data:x" }},
		{"branding.support_email", func(s *policy.Settings) { s.Branding.SupportMail = "x" }},
		{"lifetimes.code", func(s *policy.Settings) { s.Lifetimes.Code = 9 }},
		{"lifetimes.code", func(s *policy.Settings) { s.Lifetimes.Code = 601 }},
		{"lifetimes.access_token", func(s *policy.Settings) { s.Lifetimes.AccessToken = 86401 }},
		{"lifetimes.id_token", func(s *policy.Settings) { s.Lifetimes.IDToken = 59 }},
		{"lifetimes.session_idle", func(s *policy.Settings) { s.Lifetimes.SessionIdle = 299 }},
		{"lifetimes.session_absolute", func(s *policy.Settings) { s.Lifetimes.SessionAbsolute = 400*86400 + 1 }},
		{"lifetimes.flow", func(s *policy.Settings) { s.Lifetimes.Flow = 59 }},
		{"lifetimes.setup_link", func(s *policy.Settings) { s.Lifetimes.SetUpLink = 7*86400 + 1 }},
		{"lifetimes.recovery_link", func(s *policy.Settings) { s.Lifetimes.RecoveryLink = 0 }},
		{"throttle.failures", func(s *policy.Settings) { s.Throttle.Failures = 2 }},
		{"throttle.window_seconds", func(s *policy.Settings) { s.Throttle.Window = 3600 }},
		{"throttle.pause_seconds", func(s *policy.Settings) { s.Throttle.Pause = 3601 }},
		{"throttle.pause_most_seconds", func(s *policy.Settings) { s.Throttle.PauseMost = 43201 }},
		{"default_signing_algorithm", func(s *policy.Settings) { s.DefaultSigningAlgorithm = "EdDSA" }},
		{"default_signing_algorithm", func(s *policy.Settings) { s.DefaultSigningAlgorithm = "none" }},
		{"offline_grants", func(s *policy.Settings) { s.OfflineGrants = 0 }},
		{"offline_grants", func(s *policy.Settings) { s.OfflineGrants = 101 }},
		{"daily_sign_ins", func(s *policy.Settings) { s.DailySignIns = 99 }},
		{"audit_retention_seconds", func(s *policy.Settings) { s.AuditRetention = 3600 }},
		{"audit_retention_seconds", func(s *policy.Settings) { s.AuditRetention = 1 << 63 }},
	} {
		s := h.SettingsNow()
		c.change(&s)
		storetest.WantInvalid(t, h.Settings.Set(h.Ctx, storage.Operator, s), c.field)
	}
	if got := h.SettingsNow(); got.Epoch != 0 {
		t.Errorf("a refused change made epoch %d", got.Epoch)
	}
}

func TestSettingsReadBeforeAnotherChangeAreStale(t *testing.T) {
	h := storetest.NewHouse(t)
	old := h.SettingsNow()
	first := old
	first.Branding.Name = "First"
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, first))
	old.Branding.Name = "Second"
	storetest.WantErr(t, h.Settings.Set(h.Ctx, storage.Operator, old), storage.ErrStale)
	if got := h.SettingsNow(); got.Branding.Name != "First" || got.Epoch != 1 {
		t.Errorf("%+v", got)
	}
	now := h.SettingsNow()
	got := h.AtOnce(20, func(int) string { return storetest.Outcome(h.Settings.Set(h.Ctx, storage.Operator, now)) })
	if got["done"] != 1 || got[storage.ErrStale.Error()] != 19 {
		t.Errorf("%v", got)
	}
}

func TestWhatWasNeverChangedStaysTheDefault(t *testing.T) {
	h := storetest.NewHouse(t)
	s := h.SettingsNow()
	s.Lifetimes.Code = 30
	s.Branding.Logo, s.Branding.LogoType = []byte("logo"), "image/png"
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, s))
	stored := storetest.Need(table.Update(h.Ctx, h.Floors.DB,
		func(tx storetest.Writer) (*policy.Settings, error) { return h.Floors.Policy.StoredSettings(tx) }))(h)
	want := policy.Settings{Lifetimes: policy.Lifetimes{Code: 30}, Epoch: 1, Changed: uint64(h.Clock.Now().Unix()),
		Branding: policy.Branding{Logo: []byte("logo"), LogoType: "image/png"}}
	if !reflect.DeepEqual(*stored, want) {
		t.Errorf("stored is %+v", stored)
	}
	s.Epoch, s.Changed = 1, want.Changed
	if got := h.SettingsNow(); !reflect.DeepEqual(got, s) {
		t.Errorf("%+v", got)
	}
	s.Branding.Logo = nil
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, s))
	if got := h.SettingsNow(); len(got.Branding.Logo) != 0 {
		t.Error("the logo cannot be taken away")
	}
}

func TestEverySettingHasAName(t *testing.T) {
	s := policy.DefaultSettings()
	seen := make(map[string]bool)
	for _, l := range policy.Leaves(&s) {
		if l.Name == "" || strings.HasSuffix(l.Name, ".") || seen[l.Name] {
			t.Errorf("a setting is called %q", l.Name)
		}
		seen[l.Name] = true
	}
	if !seen["lifetimes.code"] || !seen["epoch"] {
		t.Errorf("%v", seen)
	}
}

// pinned is a house with a configuration file that pins two settings.
func pinned(s *policy.Settings) {
	s.Branding.Name, s.Lifetimes.Code, s.Epoch = "Pinned", 45, 99
}

func TestPinnedSettingsWinWhereverSettingsAreRead(t *testing.T) {
	h := storetest.NewHouse(t)
	s := h.SettingsNow()
	s.Branding.Name, s.Lifetimes.Code, s.Lifetimes.Flow = "Stored", 30, 600
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, s))
	for name, h := range map[string]*storetest.House{"nothing stored": storetest.HouseOver(t,
		storetest.NewHouse(t).Engine, store.Options{Pin: pinned}),
		"stored": storetest.HouseOver(t, h.Engine, store.Options{Pin: pinned})} {
		for range 2 { // the second time from the cache
			if got := h.SettingsNow(); got.Branding.Name != "Pinned" || got.Lifetimes.Code != 45 || got.Epoch == 99 {
				t.Errorf("%s: %+v", name, got)
			}
		}
		u, c := h.User("ada"), h.Client("demo")
		g := h.Grant(u, c, h.SignIn(u), apps.ScopeOpenID)
		if life := g.CodeExpires.Sub(g.Created); life != policy.Seconds(45) {
			t.Errorf("%s: the code lives %v", name, life)
		}
		if st := storetest.Need(h.Grants.Standing(h.Ctx, storage.ID{}, "demo", nil,
			nil))(h); st.Settings.Branding.Name != "Pinned" {
			t.Errorf("%s: %+v", name, st.Settings)
		}
	}
}

func TestPinnedSettingsAreNeitherChangedNorStored(t *testing.T) {
	engine := storetest.NewHouse(t).Engine
	h := storetest.HouseOver(t, engine, store.Options{Pin: pinned})
	s := h.SettingsNow()
	s.Branding.Name = "Mine"
	storetest.WantInvalid(t, h.Settings.Set(h.Ctx, storage.Operator, s), "branding.name")
	s = h.SettingsNow()
	s.Lifetimes.Code, s.Lifetimes.Flow = 60, 600
	storetest.WantInvalid(t, h.Settings.Set(h.Ctx, storage.Operator, s), "lifetimes.code")
	s.Lifetimes.Code = 45
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, s))
	if got := h.SettingsNow(); got.Lifetimes.Flow != 600 || got.Epoch != 1 {
		t.Errorf("%+v", got)
	}
	raw := storetest.Need(table.View(h.Ctx, h.Floors.DB, func(r storetest.Reader) ([]byte, error) {
		raw, _, err := r.Get([]byte{table.SpaceSettings})
		return bytes.Clone(raw), err
	}))(h)
	if bytes.Contains(raw, []byte("Pinned")) {
		t.Error("what is pinned was stored")
	}
	free := storetest.HouseOver(t, engine, store.Options{}) // the lines are taken out of the file
	if got := free.SettingsNow(); got.Branding.Name != "Latchkey" || got.Lifetimes.Code != 60 ||
		got.Lifetimes.Flow != 600 {
		t.Errorf("%+v", got)
	}
}

func TestPinnedSettingsOutOfRangeAreRefusedAtOpen(t *testing.T) {
	_, err := store.Open(t.Context(), storetest.NewHouse(t).Engine,
		store.Options{Pin: func(s *policy.Settings) { s.Lifetimes.Code = 1 }})
	storetest.WantInvalid(t, err, "lifetimes.code")
	if err == nil || !strings.Contains(err.Error(), "pinned") {
		t.Errorf("%v", err)
	}
}
