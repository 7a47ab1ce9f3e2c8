package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/api/wire"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
)

// Audit walks the audit trail, newest first; sub, if not empty, is whom it must
// concern.
func (c *Caller) Audit(ctx context.Context, sub string) iter.Seq2[audit.Event, error] {
	return pages(func(after string) ([]audit.Event, string, error) {
		values := url.Values{}
		for name, value := range map[string]string{"after": after, "user": sub} {
			if value != "" {
				values.Set(name, value)
			}
		}
		p, err := call[wire.Events](ctx, c, http.MethodGet, "/audit?"+values.Encode(), nil)
		return p.Events, p.Next, err
	})
}

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
func (c *Caller) GetUser(ctx context.Context, sub string) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodGet, path("/users/", sub), nil)
}

// CreateUser adds a user.
func (c *Caller) CreateUser(ctx context.Context, u wire.NewUser) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodPost, "/users", u)
}

// ChangeUser changes fields of a user.
func (c *Caller) ChangeUser(ctx context.Context, sub string, f Fields) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodPatch, path("/users/", sub), f)
}

// UpsertUser makes the user with an external id, or changes what fields name.
func (c *Caller) UpsertUser(ctx context.Context, externalID string, f Fields) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodPut, "/users"+query("external_id", externalID), f)
}

// DeleteUser deletes a user.
func (c *Caller) DeleteUser(ctx context.Context, sub string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/users/", sub), nil)
	return err
}

// SetPassword gives a user a new password and ends all their sessions.
func (c *Caller) SetPassword(ctx context.Context, sub, password string) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodPut, path("/users/", sub)+"/password", Fields{"password": password})
}

// DisableUser shuts a user out, or lets them in again.
func (c *Caller) DisableUser(ctx context.Context, sub string, disabled bool) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodPut, path("/users/", sub)+"/disabled", Fields{"disabled": disabled})
}

// UnlockUser takes back a user's failed passwords, so that nobody has to wait.
func (c *Caller) UnlockUser(ctx context.Context, sub string) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodPost, path("/users/", sub)+"/unlock", nil)
}

// SetPatreon replaces a user's Patreon membership.
func (c *Caller) SetPatreon(ctx context.Context, sub string, m wire.Membership) (wire.User, error) {
	return call[wire.User](ctx, c, http.MethodPut, path("/users/", sub)+"/patreon", m)
}

// RecoveryLink makes a one-time link that sets a user's password.
func (c *Caller) RecoveryLink(ctx context.Context, sub string) (wire.Link, error) {
	return call[wire.Link](ctx, c, http.MethodPost, path("/users/", sub)+"/recovery-link", nil)
}

// SetupLink makes the one-time link that creates the first administrator. The
// error is storage.ErrSetUp if there is one already.
func (c *Caller) SetupLink(ctx context.Context) (wire.Link, error) {
	return call[wire.Link](ctx, c, http.MethodPost, "/setup-link", nil)
}

// FindGroup returns the group with that name or id, or an error that is
// storage.ErrNotFound.
func (c *Caller) FindGroup(ctx context.Context, name string) (wire.Group, error) {
	page, err := call[wire.Groups](ctx, c, http.MethodGet, "/groups"+query("find", name), nil)
	return only("group", name, page.Groups, err)
}

// CreateGroup adds a group.
func (c *Caller) CreateGroup(ctx context.Context, name, description string) (wire.Group, error) {
	return call[wire.Group](ctx, c, http.MethodPost, "/groups", Fields{"name": name, "description": description})
}

// ChangeGroup changes fields of a group.
func (c *Caller) ChangeGroup(ctx context.Context, id string, f Fields) (wire.Group, error) {
	return call[wire.Group](ctx, c, http.MethodPatch, path("/groups/", id), f)
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
func (c *Caller) FindResource(ctx context.Context, name string) (wire.Resource, error) {
	page, err := call[wire.Resources](ctx, c, http.MethodGet, "/resources"+query("find", name), nil)
	return only("resource", name, page.Resources, err)
}

// GetResource returns a resource, with the number of clients that may ask for it.
func (c *Caller) GetResource(ctx context.Context, id string) (wire.Resource, error) {
	return call[wire.Resource](ctx, c, http.MethodGet, path("/resources/", id), nil)
}

// CreateResource adds a resource. The answer holds its secret, this once.
func (c *Caller) CreateResource(ctx context.Context, n wire.NewResource) (wire.Resource, error) {
	return call[wire.Resource](ctx, c, http.MethodPost, "/resources", n)
}

// ChangeResource changes fields of a resource.
func (c *Caller) ChangeResource(ctx context.Context, id string, f Fields) (wire.Resource, error) {
	return call[wire.Resource](ctx, c, http.MethodPatch, path("/resources/", id), f)
}

// DeleteResource deletes a resource.
func (c *Caller) DeleteResource(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/resources/", id), nil)
	return err
}

// DisableResource takes a resource out of use, or back into it.
func (c *Caller) DisableResource(ctx context.Context, id string, disabled bool) (wire.Resource, error) {
	return call[wire.Resource](ctx, c, http.MethodPut, path("/resources/", id)+"/disabled",
		Fields{"disabled": disabled})
}

// AddResourceSecret gives a resource a new secret, which the answer holds this once.
// Earlier ones stay valid for overlap.
func (c *Caller) AddResourceSecret(ctx context.Context, id string, overlap time.Duration) (wire.Resource, error) {
	return call[wire.Resource](ctx, c, http.MethodPost, path("/resources/", id)+"/secrets",
		Fields{"overlap_seconds": int64(overlap / time.Second)})
}

// RemoveResourceSecret ends one secret of a resource.
func (c *Caller) RemoveResourceSecret(ctx context.Context, id, secret string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/resources/", id)+path("/secrets/", secret), nil)
	return err
}

// GetClient returns a client.
func (c *Caller) GetClient(ctx context.Context, id string) (wire.Client, error) {
	return call[wire.Client](ctx, c, http.MethodGet, path("/clients/", id), nil)
}

// CreateClient adds a client. The answer holds its secret, this once.
func (c *Caller) CreateClient(ctx context.Context, n wire.NewClient) (wire.Client, error) {
	return call[wire.Client](ctx, c, http.MethodPost, "/clients", n)
}

// CreateClientFrom is CreateClient with the fields that are named; the others have their
// defaults.
func (c *Caller) CreateClientFrom(ctx context.Context, f Fields) (wire.Client, error) {
	return call[wire.Client](ctx, c, http.MethodPost, "/clients", f)
}

// ChangeClient changes metadata of a client.
func (c *Caller) ChangeClient(ctx context.Context, id string, f Fields) (wire.Client, error) {
	return call[wire.Client](ctx, c, http.MethodPatch, path("/clients/", id), f)
}

// DeleteClient deletes a client.
func (c *Caller) DeleteClient(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, path("/clients/", id), nil)
	return err
}

// SetClientState approves, rejects or suspends a client.
func (c *Caller) SetClientState(ctx context.Context, id string, to apps.ClientState) (wire.Client, error) {
	return call[wire.Client](ctx, c, http.MethodPut, path("/clients/", id)+"/state", Fields{"state": to})
}

// SetFirstParty says whether a client is the platform's own.
func (c *Caller) SetFirstParty(ctx context.Context, id string, own bool) (wire.Client, error) {
	return call[wire.Client](ctx, c, http.MethodPut, path("/clients/", id)+"/first-party", Fields{"first_party": own})
}

// RotateSecret gives a client a new secret, which the answer holds this once.
// Earlier ones stay valid for overlap.
func (c *Caller) RotateSecret(ctx context.Context, id string, overlap time.Duration) (wire.Client, error) {
	return call[wire.Client](ctx, c, http.MethodPost, path("/clients/", id)+"/secret",
		Fields{"overlap_seconds": int64(overlap / time.Second)})
}

// Check reads everything that is stored and returns what is wrong.
func (c *Caller) Check(ctx context.Context) ([]wire.Fault, error) {
	f, err := call[wire.Findings](ctx, c, http.MethodGet, "/check", nil)
	return f.Faults, err
}

// Backup has the server write a backup to an absolute path.
func (c *Caller) Backup(ctx context.Context, path string) (wire.Backup, error) {
	return call[wire.Backup](ctx, c, http.MethodPost, "/backups", Fields{"path": path})
}

// ImportClients imports up to 20 clients.
func (c *Caller) ImportClients(ctx context.Context, in wire.ClientImport) ([]wire.ImportedClient, error) {
	done, err := call[wire.ClientImported](ctx, c, http.MethodPost, "/clients/import", in)
	return done.Results, err
}

// ImportUsers imports up to 100 users.
func (c *Caller) ImportUsers(ctx context.Context, in wire.UserImport) ([]wire.ImportedUser, error) {
	done, err := call[wire.UserImported](ctx, c, http.MethodPost, "/users/import", in)
	return done.Results, err
}

// ListKeys returns every key.
func (c *Caller) ListKeys(ctx context.Context) (wire.KeyList, error) {
	return call[wire.KeyList](ctx, c, http.MethodGet, "/keys", nil)
}

// RotateKeys replaces the signing key of one algorithm, or of all if it is "".
func (c *Caller) RotateKeys(ctx context.Context, alg string) ([]wire.Rotation, error) {
	return c.replaceKeys(ctx, "/keys/rotate", alg)
}

// DiscardKeys does it at once, and ends what was made with the old ones; with ""
// sessions and tokens end too.
func (c *Caller) DiscardKeys(ctx context.Context, alg string) ([]wire.Rotation, error) {
	return c.replaceKeys(ctx, "/keys/discard", alg)
}

func (c *Caller) replaceKeys(ctx context.Context, path, alg string) ([]wire.Rotation, error) {
	fields := Fields{}
	if alg != "" {
		fields["alg"] = alg
	}
	done, err := call[wire.Rotations](ctx, c, http.MethodPost, path, fields)
	return done.Rotations, err
}

// Settings returns all settings.
func (c *Caller) Settings(ctx context.Context) ([]wire.Setting, error) {
	all, err := call[wire.Settings](ctx, c, http.MethodGet, "/settings", nil)
	return all.Settings, err
}

// ChangeSettings changes settings by their names, all or none; nil gives one its
// default again. It returns all settings as they are then.
func (c *Caller) ChangeSettings(ctx context.Context, f Fields) ([]wire.Setting, error) {
	all, err := call[wire.Settings](ctx, c, http.MethodPatch, "/settings", f)
	return all.Settings, err
}

// GetStatus asks the server how it is.
func (c *Caller) GetStatus(ctx context.Context) (wire.Status, error) {
	return call[wire.Status](ctx, c, http.MethodGet, "/status", nil)
}
