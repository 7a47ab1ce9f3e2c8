package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"latchkey/storage/kv"
)

// SettingSource says where the value of a setting comes from.
type SettingSource string

// The sources, the weakest first.
const (
	SourceDefault SettingSource = "default"
	SourceStored  SettingSource = "stored"
	SourceFile    SettingSource = "file" // the configuration's, or the environment's: it is pinned
)

// Setting is one of the settings as it is now.
type Setting struct {
	Name    string // as in [Settings], with a dot between group and member
	Value   any    // as JSON has it
	Default any
	Unit    string // seconds, attempts or grants, of a number; else ""
	Source  SettingSource
}

// SettingChange gives a setting a value. A nil or null Value gives it its default
// again.
type SettingChange struct {
	Name  string
	Value json.RawMessage
}

// List returns all settings, each with where its value comes from, in the order in
// which [Settings] declares them.
func (s SettingsStore) List(ctx context.Context) ([]Setting, error) {
	return view(ctx, s.b, func(r kv.Reader) ([]Setting, error) {
		have, err := s.b.settingsIn(r)
		if err != nil {
			return nil, err
		}
		stored, err := s.b.storedSettings(r)
		if err != nil {
			return nil, err
		}
		return s.describe(have, stored), nil
	})
}

func (s SettingsStore) describe(have, stored *Settings) []Setting {
	initial := DefaultSettings()
	values, defaults, kept := leaves(have), leaves(&initial), leaves(stored)
	list := make([]Setting, 0, len(values))
	for i, l := range values {
		if !isSetting(l) {
			continue
		}
		one := Setting{Name: l.name, Value: l.value.Interface(), Default: defaults[i].value.Interface(), Unit: unitOf(l.name), Source: SourceDefault}
		switch {
		case s.b.pin.holds(l.name):
			one.Source = SourceFile
		case !kept[i].value.IsZero():
			one.Source = SourceStored
		}
		list = append(list, one)
	}
	return list
}

// Change changes settings: all of them, or none. It is in force at the next call of
// anything. What is as it was writes nothing. Errors: ErrForbidden, *Invalid for a
// name that is no setting, for a value out of range, and for what the configuration
// pins.
func (s SettingsStore) Change(ctx context.Context, by Actor, changes []SettingChange) error {
	if err := by.mayManage(); err != nil {
		return err
	}
	note := s.b.note(by, ActSettings)
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		stored, err := s.b.storedSettings(tx)
		if err != nil {
			return struct{}{}, err
		}
		before := *stored
		if err := s.apply(stored, changes); err != nil || reflect.DeepEqual(before, *stored) {
			return struct{}{}, err
		}
		stored.Epoch++
		if err := s.put(tx, stored, note.Time); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.b.audit.put(tx, note.about(ID{}, "", "").with(settingChanges(&before, stored)))
	})
	return err
}

// apply puts the changes into what is stored, and holds the outcome to the rules:
// with the defaults, as it will be without the pins, and as it will be with them, save
// for what the pins have broken already, which is no reason to refuse anything else.
func (s SettingsStore) apply(stored *Settings, changes []SettingChange) error {
	was, next, initial := *stored, *stored, DefaultSettings()
	was.fill()
	next.fill()
	kept, filled, defaults := leaves(stored), leaves(&next), leaves(&initial)
	for _, c := range changes {
		i := slices.IndexFunc(kept, func(l leaf) bool { return l.name == c.Name && isSetting(l) })
		switch {
		case i < 0:
			return invalid(c.Name, "is not a setting")
		case s.b.pin.holds(c.Name):
			return invalid(c.Name, "is pinned by the configuration file: change it there")
		}
		if c.Value == nil || string(bytes.TrimSpace(c.Value)) == "null" {
			kept[i].value.SetZero()
			filled[i].value.Set(defaults[i].value)
		} else if err := decodeLeaf(filled[i], c.Value); err != nil {
			return err
		} else {
			kept[i].value.Set(filled[i].value)
		}
	}
	if err := next.validate(); err != nil {
		return err
	}
	if err := visibleChange("branding.name", was.Branding.Name, next.Branding.Name); err != nil {
		return err
	}
	s.b.pin.apply(&was)
	s.b.pin.apply(&next)
	err, before := next.validate(), was.validate()
	if err != nil && before != nil && err.Error() == before.Error() {
		err = nil
	}
	return err
}

// decodeLeaf gives the leaf a value from outside.
func decodeLeaf(l leaf, text json.RawMessage) error {
	fresh := reflect.New(l.value.Type())
	if err := json.Unmarshal(text, fresh.Interface()); err != nil {
		return invalid(l.name, "must be %s", kindOfLeaf(l))
	}
	l.value.Set(fresh.Elem())
	return nil
}

// kindOfLeaf says in words what the values of a leaf are.
func kindOfLeaf(l leaf) string {
	t := l.value.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.String:
		return "text"
	case t == reflect.TypeFor[[]byte]():
		return "bytes in base64"
	case t.Kind() == reflect.Slice:
		return "a list of texts"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a whole number"
	}
}
