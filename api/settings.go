package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"latchkey/api/wire"
	"latchkey/storage/policy"
	"latchkey/usecase"
)

func (r *routes) settings() {
	handle(r, "list-settings", http.MethodGet, "/settings", "List the settings", 200, r.listSettings)
	handle(r, "change-settings", http.MethodPatch, "/settings", "Change settings", 200, r.changeSettings,
		explained("Members are settings by their names, as in {\"lifetimes.access_token\": 600}; null gives one its default again. "+
			"All are changed or none, and what is changed is in force at once."))
}

func (r *routes) listSettings(ctx context.Context, _ *none) (*out[wire.Settings], error) {
	list, err := r.Operations.Store.Settings.List(ctx)
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
	}
	err := r.Operations.ChangeSettings(ctx, r.Actor(ctx), changes)
	if errors.Is(err, usecase.ErrNotReloaded) { // not the caller's: the settings are stored
		r.Report(ctx, err)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return r.listSettings(ctx, nil)
}
