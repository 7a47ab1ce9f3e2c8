package policy

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// SettingsStore holds the settings.
type SettingsStore struct{ policy *Policy }

// SettingsTable is that of settings over which p is laid, and which have stood since then
// at the longest.
func SettingsTable(p pin, stood time.Time) table.Table[Settings] {
	return table.Table[Settings]{Name: "settings", Space: table.SpaceSettings,
		Key:   func(*Settings) table.Key { return nil },
		Cache: &table.Decoded[Settings]{}, Ready: func(s *Settings, _ table.Key) {
			s.fill()
			p.apply(s)
			if !stood.IsZero() {
				s.Changed = max(s.Changed, uint64(stood.Unix()))
			}
		}}
}

// SettingsIn reads the settings in a transaction. The result may be shared: it is not
// to be changed.
func (p *Policy) SettingsIn(r kv.Reader) (*Settings, error) {
	have, err := p.Settings.Shared(r, nil)
	if err != nil {
		return nil, err
	}
	if have == nil {
		have = p.Unset
	}
	return have, nil
}

// Get returns the settings in force: the stored ones, defaults where nothing is
// stored, and over them what is pinned. The logo is shared: not to be changed.
func (s SettingsStore) Get(ctx context.Context) (Settings, error) {
	return table.View(ctx, s.policy.DB, func(r kv.Reader) (Settings, error) {
		v, err := s.policy.SettingsIn(r)
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
func (s SettingsStore) Set(ctx context.Context, by storage.Actor, v Settings) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	if err := v.Validate(); err != nil {
		return err
	}
	if err := s.policy.Pin.refuseDifferent(v); err != nil {
		return err
	}
	note := s.policy.Trail.Note(by, audit.ActSettings)
	_, err := table.Update(ctx, s.policy.DB, func(tx kv.Txn) (struct{}, error) {
		have, err := s.policy.SettingsIn(tx)
		if err != nil || have.Epoch != v.Epoch {
			return struct{}{}, storage.ErrOr(err, storage.ErrStale)
		}
		next, err := s.policy.StoredSettings(tx)
		if err != nil {
			return struct{}{}, err
		}
		next.copyChanged(have, &v)
		next.Epoch = v.Epoch + 1
		if err := s.put(tx, next, note.Time); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.policy.Trail.Audit.Put(tx, note.About(storage.ID{}, "", "").With(settingChanges(have, &v)))
	})
	return err
}

// put stores changed settings.
func (s SettingsStore) put(tx kv.Txn, stored *Settings, now time.Time) error {
	stored.Changed = uint64(now.Unix())
	if _, err := s.policy.NoteTerms(tx, *stored, now); err != nil {
		return err
	}
	return s.policy.Settings.Put(tx, stored)
}

// StoredSettings returns the settings as they are stored: neither filled nor pinned.
func (p *Policy) StoredSettings(r kv.Reader) (*Settings, error) {
	v := new(Settings)
	raw, ok, err := r.Get(p.Settings.FullKey(nil))
	if err != nil || !ok {
		return v, err
	}
	return v, table.Decode(raw, v)
}

// SweepAudit goes by the oldest end: ids sort by time, so that a slice without anything
// to delete ends the walk.
func (p *Policy) SweepAudit(tx kv.Txn, after []byte, before time.Time) (table.Swept, error) {
	set, err := p.SettingsIn(tx)
	if err != nil {
		return table.Swept{}, err
	}
	if !set.UnchangedSince(before) {
		return table.Swept{}, nil
	}
	end := before.Add(-time.Duration(set.AuditRetention) * time.Second)
	out, err := table.Sweep(tx, &p.Trail.Audit, after,
		func(e *audit.Event) (bool, error) { return e.Time.Before(end), nil })
	if out.N == 0 {
		out.Next = nil
	}
	return out, err
}
