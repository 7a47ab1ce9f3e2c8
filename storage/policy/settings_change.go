package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// settingChanges names the settings that another value is stored of, or none any more,
// and says what they were and are, defaults included.
func settingChanges(before, after *Settings) (changes []audit.FieldChange) {
	was, is := *before, *after
	was.fill()
	is.fill()
	old, fresh, kept := leaves(&was), leaves(&is), leaves(after)
	for i, l := range leaves(before) {
		if isSetting(l) && !l.Equal(kept[i]) {
			changes = append(changes, audit.FieldChange{Field: l.Name, Old: old[i].DescribeAgainst(fresh[i]),
				New: fresh[i].DescribeAgainst(old[i]), Unit: unitOf(l.Name)})
		}
	}
	return changes
}

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
	return table.View(ctx, s.policy.DB, func(r kv.Reader) ([]Setting, error) {
		have, err := s.policy.SettingsIn(r)
		if err != nil {
			return nil, err
		}
		stored, err := s.policy.StoredSettings(r)
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
		one := Setting{Name: l.Name, Value: l.Value.Interface(), Default: defaults[i].Value.Interface(),
			Unit: unitOf(l.Name), Source: SourceDefault}
		switch {
		case s.policy.Pin.isPinned(l.Name):
			one.Source = SourceFile
		case !kept[i].Value.IsZero():
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
func (s SettingsStore) Change(ctx context.Context, by storage.Actor, changes []SettingChange) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	note := s.policy.Trail.Note(by, audit.ActSettings)
	_, err := table.Update(ctx, s.policy.DB, func(tx kv.Txn) (struct{}, error) {
		stored, err := s.policy.StoredSettings(tx)
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
		return struct{}{}, s.policy.Trail.Audit.Put(tx,
			note.About(storage.ID{}, "", "").With(settingChanges(&before, stored)))
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
		i := slices.IndexFunc(kept, func(l audit.Leaf) bool { return l.Name == c.Name && isSetting(l) })
		switch {
		case i < 0:
			return storage.Invalidf(c.Name, "is not a setting")
		case s.policy.Pin.isPinned(c.Name):
			return storage.Invalidf(c.Name, "is pinned by the configuration file: change it there")
		}
		if c.Value == nil || string(bytes.TrimSpace(c.Value)) == "null" {
			kept[i].Value.SetZero()
			filled[i].Value.Set(defaults[i].Value)
		} else if err := decodeLeaf(filled[i], c.Value); err != nil {
			return err
		} else {
			kept[i].Value.Set(filled[i].Value)
		}
	}
	if err := next.Validate(); err != nil {
		return err
	}
	if err := storage.VisibleChange("branding.name", was.Branding.Name, next.Branding.Name); err != nil {
		return err
	}
	s.policy.Pin.apply(&was)
	s.policy.Pin.apply(&next)
	err, before := next.Validate(), was.Validate()
	if err != nil && before != nil && err.Error() == before.Error() {
		err = nil
	}
	return err
}

// decodeLeaf gives the leaf a value from outside.
func decodeLeaf(l audit.Leaf, text json.RawMessage) error {
	fresh := reflect.New(l.Value.Type())
	if err := json.Unmarshal(text, fresh.Interface()); err != nil {
		return storage.Invalidf(l.Name, "must be %s", kindOfLeaf(l))
	}
	l.Value.Set(fresh.Elem())
	return nil
}

// kindOfLeaf says in words what the values of a leaf are.
func kindOfLeaf(l audit.Leaf) string {
	t := l.Value.Type()
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
