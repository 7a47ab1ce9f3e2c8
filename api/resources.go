package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"
)

type byResource struct {
	ID storage.ID `path:"id"`
}

func (r *routes) resources() {
	handle(r, "list-resources", http.MethodGet, "/resources", "List resources, or find one", 200, r.listResources,
		explained(paging))
	handle(r, "create-resource", http.MethodPost, "/resources", "Add a resource", 201, r.createResource)
	handle(r, "get-resource", http.MethodGet, "/resources/{id}", "Show a resource", 200, r.getResource)
	handle(r, "change-resource", http.MethodPatch, "/resources/{id}", "Change a resource", 200, r.changeResource,
		problems(http.StatusPreconditionFailed))
	handle(r, "delete-resource", http.MethodDelete, "/resources/{id}", "Delete a resource", 204, r.deleteResource)
	handle(r, "disable-resource", http.MethodPut, "/resources/{id}/disabled", "Disable or enable a resource", 200,
		r.disableResource)
	handle(r, "add-resource-secret", http.MethodPost, "/resources/{id}/secrets", "Make a new secret", 201,
		r.addResourceSecret)
	handle(r, "remove-resource-secret", http.MethodDelete, "/resources/{id}/secrets/{secret}", "End a secret", 204,
		r.removeResourceSecret)
}

func (r *routes) listResources(ctx context.Context, in *struct {
	After string `query:"after" doc:"The next of the page before; left out: the first page"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Find  string `query:"find" minLength:"1" doc:"An identifier or id: only that resource"`
}) (*out[wire.Resources], error) {
	var list []*apps.Resource
	var next []byte
	if in.Find != "" {
		v, err := r.Operations.Store.Resources.Find(ctx, in.Find)
		if err == nil {
			list = append(list, v)
		} else if !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
	} else {
		after, err := cursor(in.After)
		if err != nil {
			return nil, err
		}
		if list, next, err = r.Operations.Store.Resources.List(ctx, after, in.Limit); err != nil {
			return nil, err
		}
	}
	page := wire.Resources{Resources: []wire.Resource{}, Next: base64.RawURLEncoding.EncodeToString(next)}
	for _, v := range list {
		shown, err := r.resourceOf(ctx, v)
		if err != nil {
			return nil, err
		}
		page.Resources = append(page.Resources, shown)
	}
	return &out[wire.Resources]{page}, nil
}

func (r *routes) createResource(ctx context.Context, in *struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that is new with each request, and the same when it is sent again"`
	Body           wire.NewResource
	RawBody        []byte
}) (*made[wire.Resource], error) {
	return repeatable(ctx, r, repeat{"create-resource", in.IdempotencyKey, in.RawBody},
		func(once policy.Once) (wire.Resource, error) { return r.addResource(ctx, once, in.Body) },
		func(made string) (wire.Resource, error) {
			v, err := r.Operations.Store.Resources.Find(ctx, made)
			if err != nil {
				return wire.Resource{}, err
			}
			return r.resourceOf(ctx, v)
		})
}

func (r *routes) addResource(ctx context.Context, once policy.Once, in wire.NewResource) (wire.Resource, error) {
	v, secret, err := r.Operations.AddResource(ctx, r.Actor(ctx), once,
		apps.NewResource{Identifier: in.Identifier, Name: in.Name, Scopes: storedScopes(in.Scopes)})
	if err != nil {
		return wire.Resource{}, err
	}
	shown, err := r.resourceOf(ctx, v)
	shown.ClientSecret = secret
	return shown, err
}

func (r *routes) getResource(ctx context.Context, in *byResource) (*revised[wire.Resource], error) {
	v, err := r.Operations.Store.Resources.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	answer, err := r.revisedResource(ctx, v)
	if err != nil {
		return nil, err
	}
	n, err := r.Operations.Store.Resources.Clients(ctx, v)
	answer.Body.Clients = &n
	return answer, err
}

func (r *routes) changeResource(ctx context.Context, in *struct {
	ID      storage.ID `path:"id"`
	IfMatch string     `header:"If-Match" doc:"The ETag of the resource as it was read: it is changed only if it is still that"`
	Body    struct {
		Name   *string              `json:"name,omitempty"`
		Scopes []wire.ResourceScope `json:"scopes,omitempty" doc:"All that it has from now on"`
	}
}) (*revised[wire.Resource], error) {
	have, err := r.Operations.Store.Resources.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !matches(in.IfMatch, tagOfResource(have)) {
		return nil, errChanged("resource")
	}
	revision := uint64(0) // a change names all it changes: without If-Match there is nothing to lose
	if in.IfMatch != "" {
		revision = have.Revision
	}
	v, err := r.Operations.Store.Resources.Change(ctx, r.Actor(ctx), in.ID, revision,
		apps.ResourceChange{Name: in.Body.Name, Scopes: storedScopes(in.Body.Scopes)})
	if errors.Is(err, storage.ErrStale) {
		return nil, errChanged("resource")
	}
	if err != nil {
		return nil, err
	}
	return r.revisedResource(ctx, v)
}

func (r *routes) deleteResource(ctx context.Context, in *byResource) (*none, error) {
	return nil, r.Operations.Store.Resources.Delete(ctx, r.Actor(ctx), in.ID)
}

func (r *routes) disableResource(ctx context.Context, in *struct {
	ID   storage.ID `path:"id"`
	Body struct {
		Disabled bool `json:"disabled"`
	}
}) (*revised[wire.Resource], error) {
	v, err := r.Operations.Store.Resources.Disable(ctx, r.Actor(ctx), in.ID, in.Body.Disabled)
	if err != nil {
		return nil, err
	}
	return r.revisedResource(ctx, v)
}

func (r *routes) addResourceSecret(ctx context.Context, in *struct {
	ID   storage.ID `path:"id"`
	Body struct {
		Overlap int64 `json:"overlap_seconds" required:"false" minimum:"0" doc:"How long the secrets of before stay valid"`
	}
}) (*revised[wire.Resource], error) {
	v, secret, err := r.Operations.AddResourceSecret(ctx, r.Actor(ctx), in.ID, seconds(in.Body.Overlap))
	if err != nil {
		return nil, err
	}
	answer, err := r.revisedResource(ctx, v)
	if err != nil {
		return nil, err
	}
	answer.Body.ClientSecret = secret
	return answer, nil
}

func (r *routes) removeResourceSecret(ctx context.Context, in *struct {
	ID     storage.ID `path:"id"`
	Secret storage.ID `path:"secret"`
}) (*none, error) {
	_, err := r.Operations.Store.Resources.RemoveSecret(ctx, r.Actor(ctx), in.ID, in.Secret)
	return nil, err
}
