package api

import (
	"context"
	"encoding/json"
	"errors"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/table"
)

func (r *routes) importUsers(ctx context.Context, in *struct{ Body wire.UserImport }) (*out[wire.UserImported], error) {
	r.Edits.Lock()
	defer r.Edits.Unlock()
	done := make([]wire.ImportedUser, 0, len(in.Body.Users))
	for _, run := range runs(namedUsers(in.Body.Users), func(e named) string { return e.ExternalID }) {
		results, err := r.importRun(ctx, in.Body, run)
		if err != nil {
			return nil, err
		}
		done = append(done, results...)
	}
	return &out[wire.UserImported]{wire.UserImported{Results: done}}, nil
}

// named is an entry with what it calls itself.
type named struct {
	text       json.RawMessage
	ExternalID string `json:"external_id"`
	Username   string `json:"username"`
	Preferred  string `json:"preferred_username"`
}

func namedUsers(texts []json.RawMessage) (all []named) {
	for _, text := range texts {
		e := named{text: text}
		_ = strictjson.Unmarshal(text, &e) // readEntry says what is wrong
		if e.Username == "" {
			e.Username = e.Preferred
		}
		all = append(all, e)
	}
	return all
}

// runs cuts entries where an id comes again: each is merged into the record as the
// one before it left it.
func runs[E any](entries []E, id func(E) string) (all [][]E) {
	var run []E
	seen := map[string]bool{}
	for _, e := range entries {
		name := id(e)
		if name != "" && seen[name] {
			all, run, seen = append(all, run), nil, map[string]bool{}
		}
		seen[name] = true
		run = append(run, e)
	}
	return append(all, run)
}

// importRun imports entries with different external ids, in one commit.
func (r *routes) importRun(ctx context.Context, o wire.UserImport, run []named) ([]wire.ImportedUser, error) {
	have := map[string]*people.User{}
	if o.Update {
		var ids []string
		for _, e := range run {
			ids = append(ids, e.ExternalID)
		}
		var err error
		if have, err = r.Store.Users.ByExternalIDs(ctx, ids); err != nil {
			return nil, err
		}
	}
	done := make([]wire.ImportedUser, len(run))
	var entries []people.UserImport
	var at []int // of each entry, in the run
	for i, e := range run {
		done[i].Username = e.Username
		entry, err := r.readEntry(have[e.ExternalID], e.text)
		if err == nil && entry.Change.Roles != nil && !o.AllowAdmin {
			err = &storage.Invalid{Field: "roles", Reason: "are not taken by an import unless it is allowed"}
		}
		if err != nil {
			if done[i].Result, done[i].Reason = table.Refused, err.Error(); !refusal(err) {
				return nil, err
			}
			continue
		}
		entries, at = append(entries, entry), append(at, i)
	}
	results, err := r.Store.Users.Import(ctx, r.Actor(ctx),
		people.UserImportOptions{Update: o.Update, ReplacePasswords: o.ReplacePasswords, DryRun: o.DryRun}, entries)
	if err != nil {
		return nil, err
	}
	for k, result := range results {
		tellUser(&done[at[k]], result, o.DryRun)
	}
	return done, nil
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

// refusal reports whether an error concerns one entry alone.
func refusal(err error) bool {
	var invalid *storage.Invalid
	return errors.As(err, &invalid)
}
