package storage

import (
	"fmt"
	"reflect"
	"strings"
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

// validate applies the rules for settings to what is pinned.
func (p pin) validate() error {
	s := DefaultSettings()
	p.apply(&s)
	if err := s.validate(); err != nil {
		return fmt.Errorf("storage: pinned settings: %w", err)
	}
	return nil
}

// holds reports whether a setting is pinned.
func (p pin) holds(name string) bool {
	var s Settings
	p.apply(&s)
	for _, l := range leaves(&s) {
		if l.name == name {
			return !l.value.IsZero()
		}
	}
	return false
}

// refuse refuses settings that are not as pinned.
func (p pin) refuse(v Settings) error {
	pinned := v
	p.apply(&pinned)
	have, want := leaves(&v), leaves(&pinned)
	for i := range have {
		if !have[i].equal(want[i]) {
			return invalid(have[i].name, "is pinned by the configuration file: change it there")
		}
	}
	return nil
}

// take takes over each setting that differs between old and new.
func (s *Settings) take(old, new *Settings) {
	into, before, after := leaves(s), leaves(old), leaves(new)
	for i := range into {
		if !before[i].equal(after[i]) {
			into[i].value.Set(after[i].value)
		}
	}
}

// leaf is one setting: its name as it is on the wire, and where it stands.
type leaf struct {
	name  string
	value reflect.Value
}

func leafOf(name string, value reflect.Value) leaf { return leaf{name: name, value: value} }

// isSetting tells settings from what counts and dates their changes.
func isSetting(l leaf) bool { return l.name != "epoch" && l.name != "changed" }

func (l leaf) equal(o leaf) bool { return reflect.DeepEqual(l.value.Interface(), o.value.Interface()) }

func leaves(s *Settings) []leaf { return appendLeaves(nil, "", reflect.ValueOf(s).Elem()) }

func appendLeaves(all []leaf, name string, v reflect.Value) []leaf {
	if v.Kind() != reflect.Struct {
		return append(all, leafOf(name, v))
	}
	for i := range v.NumField() {
		field, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name != "" {
			field = name + "." + field
		}
		all = appendLeaves(all, field, v.Field(i))
	}
	return all
}
