package storage

import (
	"encoding/json"
	"reflect"
	"testing"
)

func change(name, value string) SettingChange {
	return SettingChange{Name: name, Value: json.RawMessage(value)}
}

// setting is one of the list.
func (h *house) setting(name string) Setting {
	h.t.Helper()
	for _, s := range need(h.Settings.List(h.ctx))(h) {
		if s.Name == name {
			return s
		}
	}
	h.t.Fatalf("no setting is called %s", name)
	return Setting{}
}

func TestASettingChangesByItsNameAndGoesBackToItsDefault(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, text string
		want       any
	}{
		{"lifetimes.code", "30", uint32(30)},
		{"throttle.failures", "5", uint32(5)},
		{"audit_retention_seconds", "86400", uint64(86400)},
		{"branding.name", `"Resonance"`, "Resonance"},
		{"branding.home_url", `"https://a.example"`, "https://a.example"},
		{"signing_algorithms", `["RS256","EdDSA"]`, []string{"RS256", "EdDSA"}},
		{"key_rotation_seconds", "0", new(uint32)},
	} {
		first := h.setting(c.name)
		if first.Source != SourceDefault || !reflect.DeepEqual(first.Value, first.Default) {
			t.Errorf("%s begins as %+v", c.name, first)
		}
		h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change(c.name, c.text)}))
		if got := h.setting(c.name); got.Source != SourceStored || !reflect.DeepEqual(got.Value, c.want) {
			t.Errorf("%s is %+v", c.name, got)
		}
		h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change(c.name, " null ")}))
		if got := h.setting(c.name); !reflect.DeepEqual(got, first) {
			t.Errorf("%s went back to %+v", c.name, got)
		}
	}
}

func TestSettingsChangeTogetherOrNotAtAll(t *testing.T) {
	h := newHouse(t)
	good := change("lifetimes.code", "30")
	for _, bad := range []SettingChange{
		change("lifetimes.code", "9"), change("lifetimes.code", "0"), change("lifetimes.code", "-1"), change("lifetimes.code", "30.5"),
		change("lifetimes.code", `"30"`), change("lifetimes.code", "{}"), change("branding.name", `""`), change("branding.name", "7"),
		change("signing_algorithms", "[]"), change("signing_algorithms", `["none"]`), change("branding.logo", `"aGk="`),
		change("branding.logo", `"not base64"`), change("key_rotation_seconds", "1"),
		change("epoch", "7"), change("lifetimes", "{}"), change("nothing", "1"), change("", "1"),
	} {
		err := h.Settings.Change(h.ctx, Operator, []SettingChange{good, bad})
		field := bad.Name
		if field == "branding.logo" && string(bad.Value) == `"aGk="` {
			field = "branding.logo_type"
		}
		wantInvalid(t, err, field)
	}
	if got := h.settings(); got.Epoch != 0 || got.Lifetimes.Code != 60 {
		t.Errorf("a refused change changed: %+v", got)
	}
	wantErr(t, h.Settings.Change(h.ctx, Actor{User: h.user("ada").ID, Via: ViaPage}, []SettingChange{good}), ErrForbidden)
	h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change("branding.logo", `"aGk="`), change("branding.logo_type", `"image/png"`)}))
}

func TestAChangeOfSettingsThatChangesNothingWritesNothing(t *testing.T) {
	h := newHouse(t)
	h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change("lifetimes.code", "30")}))
	events, epoch := len(h.acts()), h.settings().Epoch
	h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change("lifetimes.code", "30"), change("lifetimes.flow", "null")}))
	if got := len(h.acts()); got != events || h.settings().Epoch != epoch {
		t.Errorf("%d events, epoch %d", got, h.settings().Epoch)
	}
}

func TestWhatIsPinnedIsShownSoAndChangesOnlyInTheFile(t *testing.T) {
	h := houseOver(t, newHouse(t).engine, Options{Pin: pinned})
	for name, want := range map[string]SettingSource{"branding.name": SourceFile, "lifetimes.code": SourceFile, "lifetimes.flow": SourceDefault} {
		if got := h.setting(name); got.Source != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, value := range []string{"30", "45", "null"} {
		wantInvalid(t, h.Settings.Change(h.ctx, Operator, []SettingChange{change("lifetimes.code", value)}), "lifetimes.code")
	}
}

// The default that is stored is not among the algorithms that the file enables now:
// RS256 signs meanwhile, and the rest can be changed.
func TestWhatThePinsHaveBrokenHoldsUpNoOtherChange(t *testing.T) {
	h := newHouse(t)
	h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change("signing_algorithms", `["RS256","ES384"]`), change("default_signing_algorithm", `"ES384"`)}))
	h = houseOver(t, h.engine, Options{Pin: func(s *Settings) { s.SigningAlgorithms = []string{"RS256"} }})
	h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change("throttle.failures", "5")}))
	wantInvalid(t, h.Settings.Change(h.ctx, Operator, []SettingChange{change("default_signing_algorithm", `"ES256"`)}), "default_signing_algorithm")
	h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change("default_signing_algorithm", "null")}))
	wantInvalid(t, h.Settings.Change(h.ctx, Operator, []SettingChange{change("default_signing_algorithm", `"ES384"`)}), "default_signing_algorithm")
}

func TestChangesOfDifferentSettingsAtOnceAreAllKept(t *testing.T) {
	h := newHouse(t)
	all := []SettingChange{change("lifetimes.code", "30"), change("lifetimes.flow", "600"), change("throttle.failures", "5"), change("branding.name", `"X"`)}
	got := h.atOnce(len(all), func(i int) string { return outcome(h.Settings.Change(h.ctx, Operator, all[i:i+1])) })
	s := h.settings()
	if got["done"] != len(all) || s.Lifetimes.Code != 30 || s.Lifetimes.Flow != 600 || s.Throttle.Failures != 5 || s.Branding.Name != "X" || s.Epoch != 4 {
		t.Errorf("%v %+v", got, s)
	}
}
