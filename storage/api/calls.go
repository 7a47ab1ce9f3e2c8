package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"latchkey/storage/apps"
)

// Fields are the fields to change in a PATCH, by their names on the wire; what
// is not in it stays as it is.
type Fields map[string]any

// Put sets a field; "address.region" is the member region of the object address.
func (f Fields) Put(name string, value any) {
	outer, inner, nested := strings.Cut(name, ".")
	if !nested {
		f[name] = value
		return
	}
	object, ok := f[outer].(map[string]any)
	if !ok {
		object = map[string]any{}
		f[outer] = object
	}
	object[inner] = value
}

// GetUser returns a user with their Patreon membership.
func (c *Caller) GetUser(ctx context.Context, sub string) (User, error) {
	return call[User](ctx, c, http.MethodGet, path("/users/", sub), nil)
}

// CreateUser adds a user.
func (c *Caller) CreateUser(ctx context.Context, u NewUser) (User, error) {
	return call[User](ctx, c, http.MethodPost, "/users", u)
}

// ChangeUser changes fields of a user.
func (c *Caller) ChangeUser(ctx context.Context, sub string, f Fields) (User, error) {
	return call[User](ctx, c, http.MethodPatch, path("/users/", sub), f)
}

// UpsertUser makes the user with an external id, or changes what fields name.
func (c *Caller) UpsertUser(ctx context.Context, externalID string, f Fields) (User, error) {
	return call[User](ctx, c, http.MethodPut, "/users"+query("external_id", externalID), f)
}

// DeleteUser deletes a user.
func (c *Caller) DeleteUser(ctx context.Context, sub string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/users/", sub), nil)
	return err
}

// SetPassword gives a user a new password and ends all their sessions.
func (c *Caller) SetPassword(ctx context.Context, sub, password string) (User, error) {
	return call[User](ctx, c, http.MethodPut, path("/users/", sub)+"/password", Fields{"password": password})
}

// DisableUser shuts a user out, or lets them in again.
func (c *Caller) DisableUser(ctx context.Context, sub string, disabled bool) (User, error) {
	return call[User](ctx, c, http.MethodPut, path("/users/", sub)+"/disabled", Fields{"disabled": disabled})
}

// UnlockUser takes back a user's failed passwords, so that nobody has to wait.
func (c *Caller) UnlockUser(ctx context.Context, sub string) (User, error) {
	return call[User](ctx, c, http.MethodPost, path("/users/", sub)+"/unlock", nil)
}

// SetPatreon replaces a user's Patreon membership.
func (c *Caller) SetPatreon(ctx context.Context, sub string, m Membership) (User, error) {
	return call[User](ctx, c, http.MethodPut, path("/users/", sub)+"/patreon", m)
}

// RecoveryLink makes a one-time link that sets a user's password.
func (c *Caller) RecoveryLink(ctx context.Context, sub string) (Link, error) {
	return call[Link](ctx, c, http.MethodPost, path("/users/", sub)+"/recovery-link", nil)
}

// SetupLink makes the one-time link that creates the first administrator. The
// error is storage.ErrSetUp if there is one already.
func (c *Caller) SetupLink(ctx context.Context) (Link, error) {
	return call[Link](ctx, c, http.MethodPost, "/setup-link", nil)
}

// FindGroup returns the group with that name or id, or an error that is
// storage.ErrNotFound.
func (c *Caller) FindGroup(ctx context.Context, name string) (Group, error) {
	page, err := call[Groups](ctx, c, http.MethodGet, "/groups"+query("find", name), nil)
	return only("group", name, page.Groups, err)
}

// CreateGroup adds a group.
func (c *Caller) CreateGroup(ctx context.Context, name, description string) (Group, error) {
	return call[Group](ctx, c, http.MethodPost, "/groups", Fields{"name": name, "description": description})
}

// ChangeGroup changes fields of a group.
func (c *Caller) ChangeGroup(ctx context.Context, id string, f Fields) (Group, error) {
	return call[Group](ctx, c, http.MethodPatch, path("/groups/", id), f)
}

// DeleteGroup deletes a group.
func (c *Caller) DeleteGroup(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/groups/", id), nil)
	return err
}

// SetMember makes a user a member of a group, or takes them out.
func (c *Caller) SetMember(ctx context.Context, group, sub string, member bool) error {
	method := http.MethodDelete
	if member {
		method = http.MethodPut
	}
	_, err := call[struct{}](ctx, c, method, path("/groups/", group)+path("/members/", sub), nil)
	return err
}

// FindResource returns the resource with that identifier or id, or an error that is
// storage.ErrNotFound.
func (c *Caller) FindResource(ctx context.Context, name string) (Resource, error) {
	page, err := call[Resources](ctx, c, http.MethodGet, "/resources"+query("find", name), nil)
	return only("resource", name, page.Resources, err)
}

// GetResource returns a resource, with the number of clients that may ask for it.
func (c *Caller) GetResource(ctx context.Context, id string) (Resource, error) {
	return call[Resource](ctx, c, http.MethodGet, path("/resources/", id), nil)
}

// CreateResource adds a resource. The answer holds its secret, this once.
func (c *Caller) CreateResource(ctx context.Context, n NewResource) (Resource, error) {
	return call[Resource](ctx, c, http.MethodPost, "/resources", n)
}

// ChangeResource changes fields of a resource.
func (c *Caller) ChangeResource(ctx context.Context, id string, f Fields) (Resource, error) {
	return call[Resource](ctx, c, http.MethodPatch, path("/resources/", id), f)
}

// DeleteResource deletes a resource.
func (c *Caller) DeleteResource(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/resources/", id), nil)
	return err
}

// DisableResource takes a resource out of use, or back into it.
func (c *Caller) DisableResource(ctx context.Context, id string, disabled bool) (Resource, error) {
	return call[Resource](ctx, c, http.MethodPut, path("/resources/", id)+"/disabled", Fields{"disabled": disabled})
}

// AddResourceSecret gives a resource a new secret, which the answer holds this once.
// Earlier ones stay valid for overlap.
func (c *Caller) AddResourceSecret(ctx context.Context, id string, overlap time.Duration) (Resource, error) {
	return call[Resource](ctx, c, http.MethodPost, path("/resources/", id)+"/secrets",
		Fields{"overlap_seconds": int64(overlap / time.Second)})
}

// RemoveResourceSecret ends one secret of a resource.
func (c *Caller) RemoveResourceSecret(ctx context.Context, id, secret string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/resources/", id)+path("/secrets/", secret), nil)
	return err
}

// GetClient returns a client.
func (c *Caller) GetClient(ctx context.Context, id string) (Client, error) {
	return call[Client](ctx, c, http.MethodGet, path("/clients/", id), nil)
}

// CreateClient adds a client. The answer holds its secret, this once.
func (c *Caller) CreateClient(ctx context.Context, n NewClient) (Client, error) {
	return call[Client](ctx, c, http.MethodPost, "/clients", n)
}

// ChangeClient changes metadata of a client.
func (c *Caller) ChangeClient(ctx context.Context, id string, f Fields) (Client, error) {
	return call[Client](ctx, c, http.MethodPatch, path("/clients/", id), f)
}

// DeleteClient deletes a client.
func (c *Caller) DeleteClient(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/clients/", id), nil)
	return err
}

// SetClientState approves, rejects or suspends a client.
func (c *Caller) SetClientState(ctx context.Context, id string, to apps.ClientState) (Client, error) {
	return call[Client](ctx, c, http.MethodPut, path("/clients/", id)+"/state", Fields{"state": to})
}

// SetFirstParty says whether a client is the platform's own.
func (c *Caller) SetFirstParty(ctx context.Context, id string, own bool) (Client, error) {
	return call[Client](ctx, c, http.MethodPut, path("/clients/", id)+"/first-party", Fields{"first_party": own})
}

// RotateSecret gives a client a new secret, which the answer holds this once.
// Earlier ones stay valid for overlap.
func (c *Caller) RotateSecret(ctx context.Context, id string, overlap time.Duration) (Client, error) {
	return call[Client](ctx, c, http.MethodPost, path("/clients/", id)+"/secret",
		Fields{"overlap_seconds": int64(overlap / time.Second)})
}
