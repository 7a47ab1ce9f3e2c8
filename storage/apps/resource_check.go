package apps

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// CheckResources finds resources whose scopes the catalogue has otherwise, and those
// whose id is also a client's or a user's.
func (a *Apps) CheckResources(ctx context.Context) ([]table.Fault, error) {
	return table.Walk(ctx, a.DB, []byte{table.SpaceResources}, func(r kv.Reader, p kv.Pair) (string, error) {
		v, err := a.Resources.Decode(p.Key[1:], p.Value)
		if err != nil {
			return "", nil // told already, by its table
		}
		for _, name := range v.Scopes {
			sc, err := a.Scopes.Get(r, table.Key{}.Str(name))
			if err != nil && !errors.Is(err, table.ErrRecord) {
				return "", err
			}
			if sc == nil || sc.Owner != v.ID {
				return fmt.Sprintf("its scope %q is not in the catalogue as its own", name), nil
			}
		}
		_, client, err := r.Get(a.Clients.FullKey(table.Key{}.Str(v.ID.String())))
		if err != nil {
			return "", err
		}
		_, user, err := r.Get(a.People.Users.FullKey(table.Key{}.ID(v.ID)))
		if err == nil && (client || user) {
			return "its id is also a client's or a user's", nil
		}
		return "", err
	})
}

// CheckOwners finds scopes whose resource is gone, or does not know them.
func (a *Apps) CheckOwners(ctx context.Context) ([]table.Fault, error) {
	return table.Walk(ctx, a.DB, []byte{table.SpaceScopes}, func(r kv.Reader, p kv.Pair) (string, error) {
		sc, err := a.Scopes.Decode(p.Key[1:], p.Value)
		if err != nil || sc.Owner.IsZero() {
			return "", nil
		}
		v, err := a.Resources.Get(r, table.Key{}.ID(sc.Owner))
		switch {
		case errors.Is(err, table.ErrRecord):
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
