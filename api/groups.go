package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/people"
)

func groupOf(g *people.Group) wire.Group {
	return wire.Group{ID: g.ID.String(), Name: g.Name, Description: g.Description, CreatedAt: g.Created,
		UpdatedAt: g.Updated}
}

type byGroup struct {
	ID storage.ID `path:"id"`
}

type byMember struct {
	ID  storage.ID `path:"id"`
	Sub storage.ID `path:"sub"`
}

func (r *routes) groups() {
	handle(r, "list-groups", http.MethodGet, "/groups", "List groups, or find one", 200, r.listGroups)
	handle(r, "create-group", http.MethodPost, "/groups", "Add a group", 201, r.createGroup)
	handle(r, "change-group", http.MethodPatch, "/groups/{id}", "Change a group", 200, r.changeGroup)
	handle(r, "delete-group", http.MethodDelete, "/groups/{id}", "Delete a group", 204, r.deleteGroup)
	handle(r, "list-members", http.MethodGet, "/groups/{id}/members", "List a group's members", 200, r.listMembers)
	handle(r, "join-group", http.MethodPut, "/groups/{id}/members/{sub}", "Make a user a member", 204, r.joinGroup)
	handle(r, "leave-group", http.MethodDelete, "/groups/{id}/members/{sub}", "Take a user out of a group", 204,
		r.leaveGroup)
}

func (r *routes) listGroups(ctx context.Context, in *struct {
	After string `query:"after"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Find  string `query:"find" minLength:"1" doc:"A name or id: only that group"`
}) (*out[wire.Groups], error) {
	page := wire.Groups{Groups: []wire.Group{}}
	if in.Find != "" {
		g, err := r.Operations.Store.Groups.Find(ctx, in.Find)
		if err == nil {
			page.Groups = append(page.Groups, groupOf(g))
		} else if !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		return &out[wire.Groups]{page}, nil
	}
	after, err := cursor(in.After)
	if err != nil {
		return nil, err
	}
	list, next, err := r.Operations.Store.Groups.List(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	for _, g := range list {
		page.Groups = append(page.Groups, groupOf(g))
	}
	page.Next = base64.RawURLEncoding.EncodeToString(next)
	return &out[wire.Groups]{page}, nil
}

func (r *routes) createGroup(ctx context.Context, in *struct {
	Body struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
	}
}) (*out[wire.Group], error) {
	g, err := r.Operations.Store.Groups.Create(ctx, r.Actor(ctx), in.Body.Name, in.Body.Description)
	if err != nil {
		return nil, err
	}
	return &out[wire.Group]{groupOf(g)}, nil
}

func (r *routes) changeGroup(ctx context.Context, in *struct {
	ID   storage.ID `path:"id"`
	Body struct {
		Name        *string `json:"name,omitempty"`
		Description *string `json:"description,omitempty"`
	}
}) (*out[wire.Group], error) {
	g, err := r.Operations.Store.Groups.Change(ctx, r.Actor(ctx), in.ID,
		people.GroupChange{Name: in.Body.Name, Description: in.Body.Description})
	if err != nil {
		return nil, err
	}
	return &out[wire.Group]{groupOf(g)}, nil
}

func (r *routes) deleteGroup(ctx context.Context, in *byGroup) (*none, error) {
	return nil, r.Operations.Store.Groups.Delete(ctx, r.Actor(ctx), in.ID)
}

func (r *routes) listMembers(ctx context.Context, in *struct {
	ID    storage.ID `path:"id"`
	After string     `query:"after"`
	Limit int        `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}) (*out[wire.Users], error) {
	after, err := cursor(in.After)
	if err != nil {
		return nil, err
	}
	if _, err := r.Operations.Store.Groups.Find(ctx, in.ID.String()); err != nil {
		return nil, err
	}
	list, next, err := r.Operations.Store.Groups.Members(ctx, in.ID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return pageOfUsers(list, next), nil
}

func (r *routes) joinGroup(ctx context.Context, in *byMember) (*none, error) {
	return nil, r.Operations.Store.Groups.Join(ctx, r.Actor(ctx), in.ID, in.Sub)
}

func (r *routes) leaveGroup(ctx context.Context, in *byMember) (*none, error) {
	return nil, r.Operations.Store.Groups.Leave(ctx, r.Actor(ctx), in.ID, in.Sub)
}
