package api

import (
	"context"
	"errors"
	"fmt"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// shown is a client as it is read, the groups it is open to by name.
func (r *routes) shown(ctx context.Context, c *apps.Client) (v wire.Client, err error) {
	v = clientOf(c)
	v.AllowedGroups, err = r.Store.Groups.Names(ctx, c.Metadata.AllowedGroups)
	return v, err
}

// answer is shown as an answer, with a secret if one has just been made.
func (r *routes) answer(ctx context.Context, c *apps.Client, secret string) (*out[wire.Client], error) {
	v, err := r.shown(ctx, c)
	if err != nil {
		return nil, err
	}
	return &out[wire.Client]{withSecret(v, secret)}, nil
}

// toStore is what is stored of metadata: groups by id, keys that are good.
func (r *routes) toStore(ctx context.Context, m wire.Metadata) (apps.Metadata, error) {
	v := storedMetadata(m)
	if text := string(v.JWKS); text == "null" || text == `""` {
		v.JWKS = nil // which is how a field is cleared
	}
	if len(v.JWKS) > 0 {
		if err := r.CheckJWKS(v.JWKS, v.TokenEndpointAuthSigningAlg); err != nil {
			return v, &storage.Invalid{Field: "jwks", Reason: err.Error()}
		}
	}
	for _, name := range m.AllowedGroups {
		g, err := r.Store.Groups.Find(ctx, name)
		if errors.Is(err, storage.ErrNotFound) {
			err = &storage.Invalid{Field: "allowed_groups", Reason: fmt.Sprintf("must be groups that exist, not %q", name)}
		}
		if err != nil {
			return v, err
		}
		v.AllowedGroups = append(v.AllowedGroups, g.ID)
	}
	return v, nil
}
