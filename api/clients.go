package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"time"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"
)

type byClientID struct {
	ClientID segment `path:"client_id"`
}

// segment is one segment of a path as it was sent. Routes are matched before it is
// decoded, since an id of another system may hold a slash: see Mount.
type segment string

// decoded is what the segment stands for. It is part of a URL that was parsed, so nothing
// in it is malformed.
func (s segment) decoded() string {
	plain, _ := url.PathUnescape(string(s))
	return plain
}

func (r *routes) clients() {
	handle(r, "list-clients", http.MethodGet, "/clients", "List clients", 200, r.listClients, explained(paging))
	handle(r, "create-client", http.MethodPost, "/clients", "Add a client", 201, r.createClient)
	handle(r, "import-clients", http.MethodPost, "/clients/import",
		"Import many clients with their ids and secrets", 200, r.importClients, large)
	handle(r, "get-client", http.MethodGet, "/clients/{client_id}", "Show a client", 200, r.getClient)
	handle(r, "change-client", http.MethodPatch, "/clients/{client_id}", "Change a client", 200, r.changeClient,
		problems(http.StatusPreconditionFailed))
	handle(r, "delete-client", http.MethodDelete, "/clients/{client_id}", "Delete a client", 204, r.deleteClient)
	handle(r, "set-client-state", http.MethodPut, "/clients/{client_id}/state",
		"Approve, reject or suspend a client", 200, r.setClientState)
	handle(r, "set-first-party", http.MethodPut, "/clients/{client_id}/first-party",
		"Say whether a client is the platform's own", 200, r.setFirstParty)
	handle(r, "rotate-client-secret", http.MethodPost, "/clients/{client_id}/secret", "Make a new secret", 201,
		r.rotateSecret)
}

func (r *routes) listClients(ctx context.Context, in *struct {
	After string `query:"after" doc:"The next of the page before; left out: the first page"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}) (*out[wire.Clients], error) {
	after, err := cursor(in.After)
	if err != nil {
		return nil, err
	}
	list, next, err := r.Operations.Store.Clients.List(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	page := wire.Clients{Clients: make([]wire.Client, len(list)), Next: base64.RawURLEncoding.EncodeToString(next)}
	for i, c := range list {
		if page.Clients[i], err = r.shown(ctx, c); err != nil {
			return nil, err
		}
	}
	return &out[wire.Clients]{page}, nil
}

func (r *routes) createClient(ctx context.Context, in *struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that is new with each request, and the same when it is sent again"`
	Body           wire.NewClient
	RawBody        []byte
}) (*made[wire.Client], error) {
	return repeatable(ctx, r, repeat{"create-client", in.IdempotencyKey, in.RawBody},
		func(once policy.Once) (wire.Client, error) { return r.addClient(ctx, once, in.Body) },
		func(id string) (wire.Client, error) {
			c, err := r.Operations.Store.Clients.Get(ctx, id)
			if err != nil {
				return wire.Client{}, err
			}
			return r.shown(ctx, c)
		})
}

func (r *routes) addClient(ctx context.Context, once policy.Once, in wire.NewClient) (wire.Client, error) {
	n := apps.NewClient{ID: in.ClientID, Metadata: storedMetadata(in.Metadata), FirstParty: in.FirstParty}
	c, secret, err := r.Operations.AddClient(ctx, r.Actor(ctx), once, n, in.AllowedGroups)
	if err != nil {
		return wire.Client{}, err
	}
	v, err := r.shown(ctx, c)
	return withSecret(v, secret), err
}

func (r *routes) getClient(ctx context.Context, in *byClientID) (*revised[wire.Client], error) {
	c, err := r.Operations.Store.Clients.Get(ctx, in.ClientID.decoded())
	if err != nil {
		return nil, err
	}
	return r.revisedClient(ctx, c)
}

func (r *routes) changeClient(ctx context.Context, in *struct {
	ClientID segment `path:"client_id"`
	IfMatch  string  `header:"If-Match" doc:"The ETag of the client as it was read: it is changed only if it is still that"`
	Body     wire.Metadata
	RawBody  []byte
}) (*revised[wire.Client], error) {
	edit := func(have *apps.Client) (m apps.Metadata, groups []string, err error) {
		if !matches(in.IfMatch, tagOfClient(have)) {
			return m, nil, errChanged("client")
		}
		merged, err := r.editable(ctx, have)
		if err != nil {
			return m, nil, err
		}
		if err := strictjson.Unmarshal(in.RawBody, &merged); err != nil {
			return m, nil, &storage.Invalid{Field: "body", Reason: "must be a JSON object of fields to change"}
		}
		return storedMetadata(merged), merged.AllowedGroups, nil
	}
	c, err := r.Operations.EditClient(ctx, r.Actor(ctx), in.ClientID.decoded(), edit)
	if errors.Is(err, storage.ErrStale) && in.IfMatch != "" {
		return nil, errChanged("client")
	}
	if err != nil {
		return nil, err
	}
	return r.revisedClient(ctx, c)
}

// editable is a client's metadata for JSON to be decoded into. Decoding writes into
// slices that are there, and these are shared with every reader of the client: so it
// is a copy made through JSON.
func (r *routes) editable(ctx context.Context, c *apps.Client) (m wire.Metadata, err error) {
	v, err := r.shown(ctx, c)
	if err != nil {
		return m, err
	}
	text, err := json.Marshal(v.Metadata)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}

func (r *routes) deleteClient(ctx context.Context, in *byClientID) (*none, error) {
	return nil, r.Operations.Store.Clients.Delete(ctx, r.Actor(ctx), in.ClientID.decoded())
}

func (r *routes) setClientState(ctx context.Context, in *struct {
	ClientID segment `path:"client_id"`
	Body     struct {
		State apps.ClientState `json:"state"`
	}
}) (*out[wire.Client], error) {
	c, err := r.Operations.Store.Clients.SetState(ctx, r.Actor(ctx), in.ClientID.decoded(), in.Body.State)
	if err != nil {
		return nil, err
	}
	return r.answer(ctx, c, "")
}

func (r *routes) setFirstParty(ctx context.Context, in *struct {
	ClientID segment `path:"client_id"`
	Body     struct {
		FirstParty bool `json:"first_party"`
	}
}) (*out[wire.Client], error) {
	c, err := r.Operations.Store.Clients.SetFirstParty(ctx, r.Actor(ctx), in.ClientID.decoded(), in.Body.FirstParty)
	if err != nil {
		return nil, err
	}
	return r.answer(ctx, c, "")
}

// seconds is a number of seconds. What no duration can hold is the longest there is.
func seconds(n int64) time.Duration {
	return time.Duration(min(n, int64(math.MaxInt64/time.Second))) * time.Second
}

func (r *routes) rotateSecret(ctx context.Context, in *struct {
	ClientID segment `path:"client_id"`
	Body     struct {
		Overlap int64 `json:"overlap_seconds" required:"false" minimum:"0" doc:"How long the secrets of before stay valid"`
	}
}) (*out[wire.Client], error) {
	c, secret, err := r.Operations.RotateClientSecret(ctx, r.Actor(ctx), in.ClientID.decoded(),
		seconds(in.Body.Overlap))
	if err != nil {
		return nil, err
	}
	return r.answer(ctx, c, secret)
}
