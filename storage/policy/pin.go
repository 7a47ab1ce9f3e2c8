package policy

import (
	"fmt"
	"reflect"

	"latchkey/storage"
	"latchkey/storage/audit"
)

// pin is what the operator's configuration file says of the settings: it wins over
// what is stored, and is never stored itself, so that a line taken out of the file
// has no effect any more.
type pin func(*Settings)

func (p pin) apply(s *Settings) {
	if p == nil {
		return
	}
	epoch, changed := s.Epoch, s.Changed
	p(s)
	s.Epoch, s.Changed = epoch, changed
}

// Validate applies the rules for settings to what is pinned.
func (p pin) Validate() error {
	s := DefaultSettings()
	p.apply(&s)
	if err := s.Validate(); err != nil {
		return fmt.Errorf("storage: pinned settings: %w", err)
	}
	return nil
}

// isPinned reports whether a setting is pinned.
func (p pin) isPinned(name string) bool {
	var s Settings
	p.apply(&s)
	for _, l := range leaves(&s) {
		if l.Name == name {
			return !l.Value.IsZero()
		}
	}
	return false
}

// refuseDifferent refuses settings that are not as pinned.
func (p pin) refuseDifferent(v Settings) error {
	pinned := v
	p.apply(&pinned)
	have, want := leaves(&v), leaves(&pinned)
	for i := range have {
		if !have[i].Equal(want[i]) {
			return storage.Invalidf(have[i].Name, "is pinned by the configuration file: change it there")
		}
	}
	return nil
}

// copyChanged takes over each setting that differs between old and new.
func (s *Settings) copyChanged(old, new *Settings) {
	into, before, after := leaves(s), leaves(old), leaves(new)
	for i := range into {
		if !before[i].Equal(after[i]) {
			into[i].Value.Set(after[i].Value)
		}
	}
}

// isSetting tells settings from what counts and dates their changes.
func isSetting(l audit.Leaf) bool { return l.Name != "epoch" && l.Name != "changed" }

func leaves(s *Settings) []audit.Leaf { return audit.AppendLeaves(nil, "", reflect.ValueOf(s).Elem()) }
