package api

import (
	"context"

	"latchkey/api/wire"
	"latchkey/storage/apps"
)

// shown is a client as it is read, the groups it is open to by name.
func (r *routes) shown(ctx context.Context, c *apps.Client) (v wire.Client, err error) {
	v = clientOf(c)
	v.AllowedGroups, err = r.Operations.Store.Groups.Names(ctx, c.Metadata.AllowedGroups)
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
