package storage

import (
	"context"
	"slices"

	"latchkey/storage/kv"
)

// Get returns a resource, or ErrNotFound. The result is shared: not to be changed.
func (s Resources) Get(ctx context.Context, id ID) (*Resource, error) {
	return view(ctx, s.b, func(r kv.Reader) (*Resource, error) {
		return found(s.b.resources.shared(r, key{}.id(id)))
	})
}

// Find returns the resource with that identifier or id, or ErrNotFound.
func (s Resources) Find(ctx context.Context, name string) (*Resource, error) {
	id, err := ParseID(name)
	return view(ctx, s.b, func(r kv.Reader) (*Resource, error) {
		if err == nil {
			return found(s.b.resources.get(r, key{}.id(id)))
		}
		if name == "" || len(name) > identifierMost {
			return nil, ErrNotFound
		}
		return found(s.b.resources.find(r, resourcesByIdentifier, key{}.str(canonicalIdentifier(name))))
	})
}

// List returns up to limit resources, oldest first, after the cursor of an earlier
// page, and the next cursor.
func (s Resources) List(ctx context.Context, after []byte, limit int) ([]*Resource, []byte, error) {
	p, err := view(ctx, s.b, func(r kv.Reader) (page[Resource], error) {
		return s.b.resources.scan(r, nil, after, limit, false)
	})
	return p.items, p.next, err
}

// Scopes returns what a resource's scopes mean, in its order.
func (s Resources) Scopes(ctx context.Context, v *Resource) ([]*Scope, error) {
	return view(ctx, s.b, func(r kv.Reader) (all []*Scope, err error) {
		for _, name := range v.Scopes {
			sc, err := s.b.scopes.shared(r, key{}.str(name))
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
		all, next, err := Clients{s.b}.List(ctx, after, 1000)
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
