package api

import (
	"cmp"
	"context"
	"encoding/json"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage/people"
	"latchkey/storage/table"
	"latchkey/usecase"
)

func (r *routes) importUsers(ctx context.Context, in *struct{ Body wire.UserImport }) (*out[wire.UserImported], error) {
	sources := make([]usecase.UserSource, len(in.Body.Users))
	done := make([]wire.ImportedUser, len(sources))
	for i, text := range in.Body.Users {
		sources[i], done[i].Username = userSource(text)
	}
	how := usecase.UserImportOptions{AllowAdmin: in.Body.AllowAdmin, UserImportOptions: people.UserImportOptions{
		Update: in.Body.Update, ReplacePasswords: in.Body.ReplacePasswords, DryRun: in.Body.DryRun}}
	results, err := r.Operations.ImportUsers(ctx, r.Actor(ctx), how, sources)
	if err != nil {
		return nil, err
	}
	for i, result := range results {
		tellUser(&done[i], result, in.Body.DryRun)
	}
	return &out[wire.UserImported]{wire.UserImported{Results: done}}, nil
}

// userSource is an entry, and the username that it gives itself.
func userSource(text json.RawMessage) (source usecase.UserSource, username string) {
	var named struct {
		ExternalID string `json:"external_id"`
		Username   string `json:"username"`
		Preferred  string `json:"preferred_username"`
	}
	_ = strictjson.Unmarshal(text, &named) // Read says what is wrong
	return usecase.UserSource{ExternalID: named.ExternalID, Read: func(have *people.User) (usecase.UserEntry, error) {
		return readUserEntry(have, text)
	}}, cmp.Or(named.Username, named.Preferred)
}

func tellUser(d *wire.ImportedUser, result people.UserImported, dry bool) {
	d.Result = result.Outcome
	if result.Err != nil {
		d.Reason = result.Err.Error()
	}
	if u := result.User; u != nil {
		d.Username = u.Username
		if !dry || result.Outcome != table.Created {
			d.Sub = u.Subject()
		}
	}
}
