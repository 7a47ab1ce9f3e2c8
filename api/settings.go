package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/policy"
)

func (r *routes) settings() {
	handle(r, "list-settings", http.MethodGet, "/settings", "List the settings", 200, r.listSettings)
	handle(r, "change-settings", http.MethodPatch, "/settings", "Change settings", 200, r.changeSettings,
		explained("Members are settings by their names, as in {\"lifetimes.access_token\": 600}; null gives one its default again. "+
			"All are changed or none, and what is changed is in force at once."))
}

func (r *routes) listSettings(ctx context.Context, _ *none) (*out[wire.Settings], error) {
	list, err := r.Store.Settings.List(ctx)
	if err != nil {
		return nil, err
	}
	all := wire.Settings{Settings: make([]wire.Setting, len(list))}
	for i, s := range list {
		all.Settings[i] = wire.Setting(s)
	}
	return &out[wire.Settings]{all}, nil
}

func (r *routes) changeSettings(ctx context.Context, in *struct{ Body map[string]any }) (*out[wire.Settings], error) {
	var changes []policy.SettingChange
	for _, name := range slices.Sorted(maps.Keys(in.Body)) {
		text, err := json.Marshal(in.Body[name])
		if err != nil {
			return nil, err
		}
		changes = append(changes, policy.SettingChange{Name: name, Value: text})
		if accent, ok := in.Body[name].(string); ok && name == "branding.accent" {
			if err := r.CheckAccent(accent); err != nil {
				return nil, &storage.Invalid{Field: name, Reason: "cannot be used: " + err.Error()}
			}
		}
	}
	if err := r.Store.Settings.Change(ctx, r.Actor(ctx), changes); err != nil {
		return nil, err
	}
	// The settings are stored, so a failure here is not the caller's: the keys are looked
	// at again every minute.
	if err := r.Keys.Reload(ctx); err != nil {
		r.Report(ctx, err)
	}
	return r.listSettings(ctx, nil)
}
