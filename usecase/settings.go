package usecase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/storage"
	"latchkey/storage/policy"
)

// ErrNotReloaded says that settings were changed and the keys do not follow them yet. They
// are looked at again every minute.
var ErrNotReloaded = errors.New("the settings are changed, but the keys do not follow them yet")

// ChangeSettings changes settings, all or none. Errors: *storage.Invalid,
// storage.ErrForbidden, ErrNotReloaded.
func (o *Operations) ChangeSettings(ctx context.Context, by storage.Actor, changes []policy.SettingChange) error {
	for _, c := range changes {
		var accent string
		if c.Name != "branding.accent" || json.Unmarshal(c.Value, &accent) != nil {
			continue
		}
		if string(c.Value) == "null" { // the default
			continue
		}
		if err := o.CheckAccent(accent); err != nil {
			return &storage.Invalid{Field: c.Name, Reason: "cannot be used: " + err.Error()}
		}
	}
	if err := o.Store.Settings.Change(ctx, by, changes); err != nil {
		return err
	}
	if err := o.Keys.Reload(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotReloaded, err)
	}
	return nil
}
