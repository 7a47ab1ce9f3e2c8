package api

import (
	"context"
	"encoding/base64"
	"net/http"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/audit"
)

func (r *routes) audit() {
	handle(r, "list-audit", http.MethodGet, "/audit", "List who did what, newest first", 200, r.listAudit,
		explained("Changes name the fields that an act changed, with what was (old) and is now (new), in words cut after 200 bytes and without members that are empty. "+
			"Values are left out of what is known of a person, and of keys. "+paging))
}

func (r *routes) listAudit(ctx context.Context, in *struct {
	After string `query:"after"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	User  string `query:"user" minLength:"1" doc:"A sub: only what concerns that user, who may be gone by now"`
}) (*out[wire.Events], error) {
	after, err := cursor(in.After)
	if err != nil {
		return nil, err
	}
	var list []*audit.Event
	var next []byte
	if in.User == "" {
		list, next, err = r.Operations.Store.Audit.List(ctx, after, in.Limit)
	} else if id, bad := storage.ParseID(in.User); bad != nil {
		return nil, &storage.Invalid{Field: "user", Reason: "must be a sub"}
	} else {
		list, next, err = r.Operations.Store.Audit.OfUser(ctx, id, after, in.Limit)
	}
	if err != nil {
		return nil, err
	}
	page := wire.Events{Events: make([]audit.Event, len(list)), Next: base64.RawURLEncoding.EncodeToString(next)}
	for i, e := range list {
		page.Events[i] = *e
	}
	return &out[wire.Events]{page}, nil
}
