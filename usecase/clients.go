package usecase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"
)

// AddClient adds a client, open to the groups that are named. If it authenticates by a
// secret one is made, which is returned this once. Errors: *storage.Invalid,
// *storage.Taken, storage.ErrForbidden, storage.ErrRepeated.
func (o *Operations) AddClient(ctx context.Context, by storage.Actor, once policy.Once, n apps.NewClient,
	groups []string) (added *apps.Client, secret string, err error) {
	if err := o.prepare(ctx, &n.Metadata, groups); err != nil {
		return nil, "", err
	}
	if n.Metadata.UsesSecret() {
		secret, n.Secret, n.SecretLast4 = o.newSecret()
	}
	added, err = o.Store.Clients.CreateOnce(ctx, by, once, n)
	return added, secret, err
}

// EditClient changes a client's metadata to what edit makes of the client as it stands,
// open to the groups that edit names. Errors: those of edit, *storage.Invalid,
// storage.ErrNotFound, storage.ErrForbidden, storage.ErrStale.
func (o *Operations) EditClient(ctx context.Context, by storage.Actor, id string,
	edit func(*apps.Client) (m apps.Metadata, groups []string, err error)) (*apps.Client, error) {
	o.edits.Lock()
	defer o.edits.Unlock()
	have, err := o.Store.Clients.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	m, groups, err := edit(have)
	if err != nil {
		return nil, err
	}
	if err := o.prepare(ctx, &m, groups); err != nil {
		return nil, err
	}
	return o.Store.Clients.Change(ctx, by, id, have.Revision, m)
}

// RotateClientSecret gives a client a new secret, which is returned this once. Earlier
// ones stay valid for overlap.
func (o *Operations) RotateClientSecret(ctx context.Context, by storage.Actor, id string,
	overlap time.Duration) (changed *apps.Client, secret string, err error) {
	if err := checkOverlap(overlap); err != nil {
		return nil, "", err
	}
	secret, hash, last := o.newSecret()
	changed, err = o.Store.Clients.AddSecret(ctx, by, id, hash, last, overlap)
	return changed, secret, err
}

// prepare checks the keys of metadata, and puts in the ids of the groups that are named.
func (o *Operations) prepare(ctx context.Context, m *apps.Metadata, groups []string) error {
	if text := string(m.JWKS); text == "null" || text == `""` {
		m.JWKS = nil // which is how a field is cleared
	}
	if len(m.JWKS) > 0 {
		if _, err := keys.ParseClientKeys(m.JWKS, m.TokenEndpointAuthSigningAlg); err != nil {
			return &storage.Invalid{Field: "jwks", Reason: err.Error()}
		}
	}
	m.AllowedGroups = nil
	for _, name := range groups {
		g, err := o.Store.Groups.Find(ctx, name)
		if errors.Is(err, storage.ErrNotFound) {
			reason := fmt.Sprintf("must be groups that exist, not %q", name)
			return &storage.Invalid{Field: "allowed_groups", Reason: reason}
		}
		if err != nil {
			return err
		}
		m.AllowedGroups = append(m.AllowedGroups, g.ID)
	}
	return nil
}
