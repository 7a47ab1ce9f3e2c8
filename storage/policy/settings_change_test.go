package policy_test

import (
	"reflect"
	"testing"

	"latchkey/storage"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
)

func TestASettingChangesByItsNameAndGoesBackToItsDefault(t *testing.T) {
	h := storetest.NewHouse(t)
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
		first := h.Setting(c.name)
		if first.Source != policy.SourceDefault || !reflect.DeepEqual(first.Value, first.Default) {
			t.Errorf("%s begins as %+v", c.name, first)
		}
		h.Ok(h.Settings.Change(h.Ctx, storage.Operator, []policy.SettingChange{storetest.Change(c.name, c.text)}))
		if got := h.Setting(c.name); got.Source != policy.SourceStored || !reflect.DeepEqual(got.Value, c.want) {
			t.Errorf("%s is %+v", c.name, got)
		}
		h.Ok(h.Settings.Change(h.Ctx, storage.Operator, []policy.SettingChange{storetest.Change(c.name, " null ")}))
		if got := h.Setting(c.name); !reflect.DeepEqual(got, first) {
			t.Errorf("%s went back to %+v", c.name, got)
		}
	}
}

func TestSettingsChangeTogetherOrNotAtAll(t *testing.T) {
	h := storetest.NewHouse(t)
	good := storetest.Change("lifetimes.code", "30")
	for _, bad := range []policy.SettingChange{
		storetest.Change("lifetimes.code", "9"), storetest.Change("lifetimes.code", "0"),
		storetest.Change("lifetimes.code", "-1"), storetest.Change("lifetimes.code", "30.5"),
		storetest.Change("lifetimes.code", `"30"`), storetest.Change("lifetimes.code", "{}"),
		storetest.Change("branding.name", `""`), storetest.Change("branding.name", "7"),
		storetest.Change("signing_algorithms", "[]"), storetest.Change("signing_algorithms", `["none"]`),
		storetest.Change("branding.logo", `"aGk="`),
		storetest.Change("branding.logo", `"not base64"`), storetest.Change("key_rotation_seconds", "1"),
		storetest.Change("epoch", "7"), storetest.Change("lifetimes", "{}"), storetest.Change("nothing", "1"),
		storetest.Change("", "1"),
	} {
		err := h.Settings.Change(h.Ctx, storage.Operator, []policy.SettingChange{good, bad})
		field := bad.Name
		if field == "branding.logo" && string(bad.Value) == `"aGk="` {
			field = "branding.logo_type"
		}
		storetest.WantInvalid(t, err, field)
	}
	if got := h.SettingsNow(); got.Epoch != 0 || got.Lifetimes.Code != 60 {
		t.Errorf("a refused change changed: %+v", got)
	}
	storetest.WantErr(t, h.Settings.Change(h.Ctx, storage.Actor{User: h.User("ada").ID, Via: storage.ViaPage},
		[]policy.SettingChange{good}), storage.ErrForbidden)
	h.Ok(h.Settings.Change(h.Ctx, storage.Operator,
		[]policy.SettingChange{storetest.Change("branding.logo", `"aGk="`),
			storetest.Change("branding.logo_type", `"image/png"`)}))
}

func TestAChangeOfSettingsThatChangesNothingWritesNothing(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Ok(h.Settings.Change(h.Ctx, storage.Operator, []policy.SettingChange{storetest.Change("lifetimes.code", "30")}))
	events, epoch := len(h.Acts()), h.SettingsNow().Epoch
	h.Ok(h.Settings.Change(h.Ctx, storage.Operator,
		[]policy.SettingChange{storetest.Change("lifetimes.code", "30"), storetest.Change("lifetimes.flow", "null")}))
	if got := len(h.Acts()); got != events || h.SettingsNow().Epoch != epoch {
		t.Errorf("%d events, epoch %d", got, h.SettingsNow().Epoch)
	}
}

func TestWhatIsPinnedIsShownSoAndChangesOnlyInTheFile(t *testing.T) {
	h := storetest.HouseOver(t, storetest.NewHouse(t).Engine, store.Options{Pin: pinned})
	for name, want := range map[string]policy.SettingSource{"branding.name": policy.SourceFile,
		"lifetimes.code": policy.SourceFile, "lifetimes.flow": policy.SourceDefault} {
		if got := h.Setting(name); got.Source != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, value := range []string{"30", "45", "null"} {
		storetest.WantInvalid(t, h.Settings.Change(h.Ctx, storage.Operator,
			[]policy.SettingChange{storetest.Change("lifetimes.code", value)}), "lifetimes.code")
	}
}

// The default that is stored is not among the algorithms that the file enables now:
// RS256 signs meanwhile, and the rest can be changed.
func TestWhatThePinsHaveBrokenHoldsUpNoOtherChange(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Ok(h.Settings.Change(h.Ctx, storage.Operator,
		[]policy.SettingChange{storetest.Change("signing_algorithms", `["RS256","ES384"]`),
			storetest.Change("default_signing_algorithm", `"ES384"`)}))
	h = storetest.HouseOver(t, h.Engine,
		store.Options{Pin: func(s *policy.Settings) { s.SigningAlgorithms = []string{"RS256"} }})
	h.Ok(h.Settings.Change(h.Ctx, storage.Operator, []policy.SettingChange{storetest.Change("throttle.failures", "5")}))
	storetest.WantInvalid(t, h.Settings.Change(h.Ctx, storage.Operator,
		[]policy.SettingChange{storetest.Change("default_signing_algorithm", `"ES256"`)}), "default_signing_algorithm")
	h.Ok(h.Settings.Change(h.Ctx, storage.Operator,
		[]policy.SettingChange{storetest.Change("default_signing_algorithm", "null")}))
	storetest.WantInvalid(t, h.Settings.Change(h.Ctx, storage.Operator,
		[]policy.SettingChange{storetest.Change("default_signing_algorithm", `"ES384"`)}), "default_signing_algorithm")
}

func TestChangesOfDifferentSettingsAtOnceAreAllKept(t *testing.T) {
	h := storetest.NewHouse(t)
	all := []policy.SettingChange{storetest.Change("lifetimes.code", "30"),
		storetest.Change("lifetimes.flow", "600"), storetest.Change("throttle.failures", "5"),
		storetest.Change("branding.name", `"X"`)}
	got := h.AtOnce(len(all), func(i int) string {
		return storetest.Outcome(h.Settings.Change(h.Ctx,
			storage.Operator, all[i:i+1]))
	})
	s := h.SettingsNow()
	if got["done"] != len(all) || s.Lifetimes.Code != 30 || s.Lifetimes.Flow != 600 || s.Throttle.Failures != 5 ||
		s.Branding.Name != "X" || s.Epoch != 4 {
		t.Errorf("%v %+v", got, s)
	}
}
