package api

import (
	"context"
	"net/http"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/table"
)

// upserted is an account that was made (201) or was there (200).
type upserted struct {
	Status int
	Body   wire.User
}

// upsertUser lets a platform keep accounts in step with its own. Doing it again
// changes nothing. A password hash is taken for accounts without a password only:
// the password kept here is likely the newer one.
func (r *routes) upsertUser(ctx context.Context, in *struct {
	ExternalID string `query:"external_id" required:"true" minLength:"1" maxLength:"255"`
	Body       wire.UserEntry
	RawBody    []byte
}) (*upserted, error) {
	if id := in.Body.ExternalID; id != "" && id != in.ExternalID {
		return nil, &storage.Invalid{Field: "external_id", Reason: "must be left out or be the one in the address"}
	}
	r.Edits.Lock()
	defer r.Edits.Unlock()
	have, err := r.Store.Users.ByExternalIDs(ctx, []string{in.ExternalID})
	if err != nil {
		return nil, err
	}
	entry, err := r.readEntry(have[in.ExternalID], in.RawBody)
	if err != nil {
		return nil, err
	}
	entry.Change.ExternalID = &in.ExternalID
	done, err := r.Store.Users.Import(ctx, r.Actor(ctx), people.UserImportOptions{Update: true}, []people.UserImport{entry})
	if err != nil {
		return nil, err
	}
	if done[0].Err != nil {
		return nil, done[0].Err
	}
	answer := &upserted{Status: http.StatusOK, Body: userOf(done[0].User)}
	if done[0].Outcome == table.Created {
		answer.Status = http.StatusCreated
	}
	return answer, nil
}
