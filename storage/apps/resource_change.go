package apps

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// resourceLeaves has the scopes with the words that people consent to.
func (a *Apps) resourceLeaves(r kv.Reader, v *Resource) ([]audit.Leaf, error) {
	scopes := make([]string, len(v.Scopes))
	for i, name := range v.Scopes {
		sc, err := a.Scopes.Get(r, table.Key{}.Str(name))
		if err != nil {
			return nil, err
		}
		if scopes[i] = name; sc != nil {
			scopes[i] = fmt.Sprintf("%s=%q", name, sc.Words)
		}
	}
	return []audit.Leaf{audit.LeafOf("name", reflect.ValueOf(v.Name)),
		audit.LeafOf("scopes", reflect.ValueOf(scopes))}, nil
}

// alterResource is the one way a resource is changed: permission, change, audit, and another
// edition of the catalogue. What change returns is the audit event's detail besides
// the identifier.
func (s Resources) alterResource(ctx context.Context, by storage.Actor, id storage.ID, act audit.Act,
	change func(kv.Txn, *Resource, time.Time) (string, error)) (*Resource, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	note, now := s.apps.Trail.Note(by, act), s.apps.DB.Instant()
	return table.Update(ctx, s.apps.DB, func(tx kv.Txn) (*Resource, error) {
		v, err := storage.Found(s.apps.Resources.Get(tx, table.Key{}.ID(id)))
		if err != nil {
			return nil, err
		}
		before, err := s.apps.resourceLeaves(tx, v)
		if err != nil {
			return nil, err
		}
		detail, err := change(tx, v, now)
		if err != nil {
			return nil, err
		}
		v.Revision++
		v.Updated = now
		if err := s.apps.Resources.Put(tx, v); err != nil {
			return nil, err
		}
		if err := s.apps.NewEdition(tx); err != nil {
			return nil, err
		}
		after, err := s.apps.resourceLeaves(tx, v)
		if err != nil {
			return nil, err
		}
		if detail != "" {
			detail = ": " + detail
		}
		return v, s.apps.Trail.Audit.Put(tx,
			note.About(storage.ID{}, "",
				v.Identifier+detail).With(audit.Compare(before, after, func(string) bool { return true })))
	})
}

// ResourceChange is what to change of a resource; nil leaves a field as it is.
type ResourceChange struct {
	Name   *string
	Scopes []ResourceScope // all it has from now on
}

// Change edits a resource. Revision must be the one that was read, else ErrStale; 0
// skips that check. A scope that it has no more is worth nothing at the very next
// call. Errors besides: ErrForbidden, ErrNotFound, *Invalid.
func (s Resources) Change(ctx context.Context, by storage.Actor, id storage.ID, revision uint64,
	c ResourceChange) (*Resource, error) {
	if c.Scopes != nil {
		if err := validScopes(c.Scopes); err != nil {
			return nil, err
		}
	}
	return s.alterResource(ctx, by, id, audit.ActResourceChanged,
		func(tx kv.Txn, v *Resource, _ time.Time) (string, error) {
			if revision != 0 && revision != v.Revision {
				return "", storage.ErrStale
			}
			was := v.Name
			if c.Name != nil {
				v.Name = *c.Name
			}
			if err := v.validName(was); err != nil || c.Scopes == nil {
				return "", err
			}
			return "", s.apps.setOwnedScopes(tx, v, c.Scopes)
		})
}

// Disable takes a resource out of use, or back into it, in force at the very next
// call: its scopes can be neither asked for nor used, tokens are not for it, and it
// cannot introspect. What was granted before is worth as much as before when it is
// back. Errors: ErrForbidden, ErrNotFound.
func (s Resources) Disable(ctx context.Context, by storage.Actor, id storage.ID, disabled bool) (*Resource, error) {
	return s.alterResource(ctx, by, id, audit.ActResourceState,
		func(_ kv.Txn, v *Resource, _ time.Time) (string, error) {
			v.Disabled = disabled
			if disabled {
				return "disabled", nil
			}
			return "enabled", nil
		})
}

// AddSecret gives a resource a new secret. The others stay valid for overlap, at
// most; zero ends them at once. Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Resources) AddSecret(ctx context.Context, by storage.Actor, id storage.ID, hash []byte, last4 string,
	overlap time.Duration) (*Resource, error) {
	if len(hash) == 0 {
		return nil, storage.Invalidf("client_secret", "must not be empty")
	}
	fresh := s.apps.DB.NewID()
	return s.alterResource(ctx, by, id, audit.ActResourceSecret,
		func(_ kv.Txn, v *Resource, now time.Time) (_ string, err error) {
			v.Secrets, err = withSecret(v.Secrets, Secret{ID: fresh, Hash: hash, Last4: last4, Created: now}, overlap)
			return last4, err
		})
}

// RemoveSecret ends one secret. Without any, a resource cannot introspect until it is
// given another. Errors: ErrForbidden, ErrNotFound, also if it has no such secret.
func (s Resources) RemoveSecret(ctx context.Context, by storage.Actor, id, secret storage.ID) (*Resource, error) {
	return s.alterResource(ctx, by, id, audit.ActResourceUnlock,
		func(_ kv.Txn, v *Resource, _ time.Time) (string, error) {
			i := slices.IndexFunc(v.Secrets, func(have Secret) bool { return have.ID == secret })
			if i < 0 {
				return "", storage.ErrNotFound
			}
			last4 := v.Secrets[i].Last4
			v.Secrets = slices.Delete(v.Secrets, i, i+1)
			return last4, nil
		})
}

// Delete removes a resource, and its scopes from the catalogue, in force at the very
// next call. Clients are not written: the names that they hold lead nowhere, and are
// never another resource's. Errors: ErrForbidden, ErrNotFound.
func (s Resources) Delete(ctx context.Context, by storage.Actor, id storage.ID) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	note := s.apps.Trail.Note(by, audit.ActResourceDeleted)
	_, err := table.Update(ctx, s.apps.DB, func(tx kv.Txn) (struct{}, error) {
		v, err := storage.Found(s.apps.Resources.Get(tx, table.Key{}.ID(id)))
		if err != nil {
			return struct{}{}, err
		}
		if err := s.apps.setOwnedScopes(tx, v, nil); err != nil {
			return struct{}{}, err
		}
		if err := s.apps.Resources.Delete(tx, table.Key{}.ID(id)); err != nil {
			return struct{}{}, err
		}
		if err := s.apps.NewEdition(tx); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.apps.Trail.Audit.Put(tx, note.About(storage.ID{}, "", v.Identifier))
	})
	return err
}
