package apps

import (
	"context"
	"slices"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Get returns a resource, or ErrNotFound. The result is shared: not to be changed.
func (s Resources) Get(ctx context.Context, id storage.ID) (*Resource, error) {
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (*Resource, error) {
		return storage.Found(s.apps.Resources.Shared(r, table.Key{}.ID(id)))
	})
}

// Find returns the resource with that identifier or id, or ErrNotFound.
func (s Resources) Find(ctx context.Context, name string) (*Resource, error) {
	id, err := storage.ParseID(name)
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (*Resource, error) {
		if err == nil {
			return storage.Found(s.apps.Resources.Get(r, table.Key{}.ID(id)))
		}
		if name == "" || len(name) > maxIdentifier {
			return nil, storage.ErrNotFound
		}
		return storage.Found(s.apps.Resources.Find(r, resourcesByIdentifier,
			table.Key{}.Str(canonicalIdentifier(name))))
	})
}

// List returns up to limit resources, oldest first, after the cursor of an earlier
// page, and the next cursor.
func (s Resources) List(ctx context.Context, after []byte, limit int) ([]*Resource, []byte, error) {
	p, err := table.View(ctx, s.apps.DB, func(r kv.Reader) (table.Page[Resource], error) {
		return s.apps.Resources.Scan(r, nil, after, limit, false)
	})
	return p.Items, p.Next, err
}

// Scopes returns what a resource's scopes mean, in its order.
func (s Resources) Scopes(ctx context.Context, v *Resource) ([]*Scope, error) {
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (all []*Scope, err error) {
		for _, name := range v.Scopes {
			sc, err := s.apps.Scopes.Shared(r, table.Key{}.Str(name))
			if err != nil {
				return nil, err
			}
			if sc != nil && sc.Owner == v.ID {
				all = append(all, sc)
			}
		}
		return all, nil
	})
}

// Clients counts the clients that may ask for a scope of the resource.
func (s Resources) Clients(ctx context.Context, v *Resource) (n int, err error) {
	for after := []byte(nil); ; {
		all, next, err := Clients{s.apps}.List(ctx, after, 1000)
		if err != nil {
			return 0, err
		}
		for _, c := range all {
			if containsAny(c.Metadata.Scopes, v.Scopes) {
				n++
			}
		}
		if after = next; after == nil {
			return n, nil
		}
	}
}

func containsAny(all, some []string) bool {
	return slices.ContainsFunc(some, func(s string) bool { return slices.Contains(all, s) })
}
