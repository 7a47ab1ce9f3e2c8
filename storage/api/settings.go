package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"latchkey/storage"
	"latchkey/storage/policy"
)

// Setting is one of the settings, and where its value comes from.
type Setting struct {
	Name    string               `json:"name"`
	Value   any                  `json:"value" doc:"In force now"`
	Default any                  `json:"default"`
	Unit    string               `json:"unit,omitempty" doc:"What a number counts"`
	Source  policy.SettingSource `json:"source" enum:"default,stored,file" doc:"file: the configuration file or the environment pins it, and it cannot be changed here"`
}

// Settings are all of them.
type Settings struct {
	Settings []Setting `json:"settings"`
}

func (r *routes) settings() {
	handle(r, "list-settings", http.MethodGet, "/settings", "List the settings", 200, r.listSettings)
	handle(r, "change-settings", http.MethodPatch, "/settings", "Change settings", 200, r.changeSettings,
		explained("Members are settings by their names, as in {\"lifetimes.access_token\": 600}; null gives one its default again. "+
			"All are changed or none, and what is changed is in force at once."))
}

func (r *routes) listSettings(ctx context.Context, _ *none) (*out[Settings], error) {
	list, err := r.Store.Settings.List(ctx)
	if err != nil {
		return nil, err
	}
	all := Settings{Settings: make([]Setting, len(list))}
	for i, s := range list {
		all.Settings[i] = Setting(s)
	}
	return &out[Settings]{all}, nil
}

func (r *routes) changeSettings(ctx context.Context, in *struct{ Body map[string]any }) (*out[Settings], error) {
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

// Settings returns all settings.
func (c *Caller) Settings(ctx context.Context) ([]Setting, error) {
	all, err := call[Settings](ctx, c, http.MethodGet, "/settings", nil)
	return all.Settings, err
}

// ChangeSettings changes settings by their names, all or none; nil gives one its
// default again. It returns all settings as they are then.
func (c *Caller) ChangeSettings(ctx context.Context, f Fields) ([]Setting, error) {
	all, err := call[Settings](ctx, c, http.MethodPatch, "/settings", f)
	return all.Settings, err
}
