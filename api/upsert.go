package api

import (
	"context"
	"net/http"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/usecase"
)

// upserted is an account that was made (201) or was there (200).
type upserted struct {
	Status int
	Body   wire.User
}

// upsertUser lets a platform keep accounts in step with its own.
func (r *routes) upsertUser(ctx context.Context, in *struct {
	ExternalID string `query:"external_id" required:"true" minLength:"1" maxLength:"255"`
	Body       wire.UserEntry
	RawBody    []byte
}) (*upserted, error) {
	if id := in.Body.ExternalID; id != "" && id != in.ExternalID {
		return nil, &storage.Invalid{Field: "external_id", Reason: "must be left out or be the one in the address"}
	}
	source := usecase.UserSource{ExternalID: in.ExternalID, Read: func(have *people.User) (usecase.UserEntry, error) {
		return readUserEntry(have, in.RawBody)
	}}
	u, made, err := r.Operations.UpsertUser(ctx, r.Actor(ctx), source)
	if err != nil {
		return nil, err
	}
	answer := &upserted{Status: http.StatusOK, Body: userOf(u)}
	if made {
		answer.Status = http.StatusCreated
	}
	return answer, nil
}
