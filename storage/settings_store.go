package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// SettingsStore holds the settings.
type SettingsStore struct{ b *base }

// settingsTable is that of settings over which p is laid, and which have stood since then
// at the longest.
func settingsTable(p pin, stood time.Time) table[Settings] {
	return table[Settings]{name: "settings", space: spaceSettings, key: func(*Settings) key { return nil },
		cache: &decoded[Settings]{}, ready: func(s *Settings, _ key) {
			s.fill()
			p.apply(s)
			if !stood.IsZero() {
				s.Changed = max(s.Changed, uint64(stood.Unix()))
			}
		}}
}

// settingsIn reads the settings in a transaction. The result may be shared: it is not
// to be changed.
func (b *base) settingsIn(r kv.Reader) (*Settings, error) {
	have, err := b.settings.shared(r, nil)
	if err != nil {
		return nil, err
	}
	if have == nil {
		have = b.unset
	}
	return have, nil
}

// Get returns the settings in force: the stored ones, defaults where nothing is
// stored, and over them what is pinned. The logo is shared: not to be changed.
func (s SettingsStore) Get(ctx context.Context) (Settings, error) {
	return view(ctx, s.b, func(r kv.Reader) (Settings, error) {
		v, err := s.b.settingsIn(r)
		if err != nil {
			return Settings{}, err
		}
		return *v, nil
	})
}

// Set replaces the settings. Epoch must be the one that was read, else ErrStale. Only
// what differs from what was read is stored: a default stays a default, be it
// another one in a later version, and what is pinned is refused if it differs and
// never stored. Errors besides: ErrForbidden, *Invalid.
func (s SettingsStore) Set(ctx context.Context, by Actor, v Settings) error {
	if err := by.mayManage(); err != nil {
		return err
	}
	if err := v.validate(); err != nil {
		return err
	}
	if err := s.b.pin.refuse(v); err != nil {
		return err
	}
	note := s.b.note(by, ActSettings)
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		have, err := s.b.settingsIn(tx)
		if err != nil || have.Epoch != v.Epoch {
			return struct{}{}, errOr(err, ErrStale)
		}
		next, err := s.b.storedSettings(tx)
		if err != nil {
			return struct{}{}, err
		}
		next.take(have, &v)
		next.Epoch = v.Epoch + 1
		if err := s.put(tx, next, note.Time); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.b.audit.put(tx, note.about(ID{}, "", "").with(settingChanges(have, &v)))
	})
	return err
}

// put stores changed settings.
func (s SettingsStore) put(tx kv.Txn, stored *Settings, now time.Time) error {
	stored.Changed = uint64(now.Unix())
	if _, err := s.b.stands(tx, *stored, now); err != nil {
		return err
	}
	return s.b.settings.put(tx, stored)
}

// storedSettings returns the settings as they are stored: neither filled nor pinned.
func (b *base) storedSettings(r kv.Reader) (*Settings, error) {
	v := new(Settings)
	raw, ok, err := r.Get(b.settings.full(nil))
	if err != nil || !ok {
		return v, err
	}
	return v, decode(raw, v)
}
