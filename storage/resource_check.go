package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"latchkey/storage/kv"
)

// checkResources finds resources whose scopes the catalogue has otherwise, and those
// whose id is also a client's or a user's.
func (b *base) checkResources(ctx context.Context) ([]Fault, error) {
	return walk(ctx, b, []byte{spaceResources}, func(r kv.Reader, p kv.Pair) (string, error) {
		v, err := b.resources.decode(p.Key[1:], p.Value)
		if err != nil {
			return "", nil // told already, by its table
		}
		for _, name := range v.Scopes {
			sc, err := b.scopes.get(r, key{}.str(name))
			if err != nil && !errors.Is(err, errRecord) {
				return "", err
			}
			if sc == nil || sc.Owner != v.ID {
				return fmt.Sprintf("its scope %q is not in the catalogue as its own", name), nil
			}
		}
		_, client, err := r.Get(b.clients.full(key{}.str(v.ID.String())))
		if err != nil {
			return "", err
		}
		_, user, err := r.Get(b.users.full(key{}.id(v.ID)))
		if err == nil && (client || user) {
			return "its id is also a client's or a user's", nil
		}
		return "", err
	})
}

// checkOwners finds scopes whose resource is gone, or does not know them.
func (b *base) checkOwners(ctx context.Context) ([]Fault, error) {
	return walk(ctx, b, []byte{spaceScopes}, func(r kv.Reader, p kv.Pair) (string, error) {
		sc, err := b.scopes.decode(p.Key[1:], p.Value)
		if err != nil || sc.Owner.IsZero() {
			return "", nil
		}
		v, err := b.resources.get(r, key{}.id(sc.Owner))
		switch {
		case errors.Is(err, errRecord):
			return "", nil
		case err != nil:
			return "", err
		case v == nil:
			return "its resource does not exist", nil
		case !slices.Contains(v.Scopes, sc.Name):
			return "its resource does not know it", nil
		}
		return "", nil
	})
}
