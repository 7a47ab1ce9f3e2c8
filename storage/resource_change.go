package storage

import (
	"context"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// alter is the one way a resource is changed: permission, change, audit, and another
// edition of the catalogue. What change returns is the audit event's detail besides
// the identifier.
func (s Resources) alter(ctx context.Context, by Actor, id ID, act Act, change func(kv.Txn, *Resource, time.Time) (string, error)) (*Resource, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	note, now := s.b.note(by, act), s.b.instant()
	return update(ctx, s.b, func(tx kv.Txn) (*Resource, error) {
		v, err := found(s.b.resources.get(tx, key{}.id(id)))
		if err != nil {
			return nil, err
		}
		before, err := s.b.resourceLeaves(tx, v)
		if err != nil {
			return nil, err
		}
		detail, err := change(tx, v, now)
		if err != nil {
			return nil, err
		}
		v.Revision++
		v.Updated = now
		if err := s.b.resources.put(tx, v); err != nil {
			return nil, err
		}
		if err := s.b.changed(tx); err != nil {
			return nil, err
		}
		after, err := s.b.resourceLeaves(tx, v)
		if err != nil {
			return nil, err
		}
		if detail != "" {
			detail = ": " + detail
		}
		return v, s.b.audit.put(tx, note.about(ID{}, "", v.Identifier+detail).with(compare(before, after, func(string) bool { return true })))
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
func (s Resources) Change(ctx context.Context, by Actor, id ID, revision uint64, c ResourceChange) (*Resource, error) {
	if c.Scopes != nil {
		if err := validScopes(c.Scopes); err != nil {
			return nil, err
		}
	}
	return s.alter(ctx, by, id, ActResourceChanged, func(tx kv.Txn, v *Resource, _ time.Time) (string, error) {
		if revision != 0 && revision != v.Revision {
			return "", ErrStale
		}
		was := v.Name
		if c.Name != nil {
			v.Name = *c.Name
		}
		if err := v.validName(was); err != nil || c.Scopes == nil {
			return "", err
		}
		return "", s.b.own(tx, v, c.Scopes)
	})
}

// Disable takes a resource out of use, or back into it, in force at the very next
// call: its scopes can be neither asked for nor used, tokens are not for it, and it
// cannot introspect. What was granted before is worth as much as before when it is
// back. Errors: ErrForbidden, ErrNotFound.
func (s Resources) Disable(ctx context.Context, by Actor, id ID, disabled bool) (*Resource, error) {
	return s.alter(ctx, by, id, ActResourceState, func(_ kv.Txn, v *Resource, _ time.Time) (string, error) {
		v.Disabled = disabled
		if disabled {
			return "disabled", nil
		}
		return "enabled", nil
	})
}

// AddSecret gives a resource a new secret. The others stay valid for overlap, at
// most; zero ends them at once. Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Resources) AddSecret(ctx context.Context, by Actor, id ID, hash []byte, last4 string, overlap time.Duration) (*Resource, error) {
	if len(hash) == 0 {
		return nil, invalid("client_secret", "must not be empty")
	}
	fresh := s.b.newID()
	return s.alter(ctx, by, id, ActResourceSecret, func(_ kv.Txn, v *Resource, now time.Time) (_ string, err error) {
		v.Secrets, err = withSecret(v.Secrets, Secret{ID: fresh, Hash: hash, Last4: last4, Created: now}, overlap)
		return last4, err
	})
}

// RemoveSecret ends one secret. Without any, a resource cannot introspect until it is
// given another. Errors: ErrForbidden, ErrNotFound, also if it has no such secret.
func (s Resources) RemoveSecret(ctx context.Context, by Actor, id, secret ID) (*Resource, error) {
	return s.alter(ctx, by, id, ActResourceUnlock, func(_ kv.Txn, v *Resource, _ time.Time) (string, error) {
		i := slices.IndexFunc(v.Secrets, func(have Secret) bool { return have.ID == secret })
		if i < 0 {
			return "", ErrNotFound
		}
		last4 := v.Secrets[i].Last4
		v.Secrets = slices.Delete(v.Secrets, i, i+1)
		return last4, nil
	})
}

// Delete removes a resource, and its scopes from the catalogue, in force at the very
// next call. Clients are not written: the names that they hold lead nowhere, and are
// never another resource's. Errors: ErrForbidden, ErrNotFound.
func (s Resources) Delete(ctx context.Context, by Actor, id ID) error {
	if err := by.mayManage(); err != nil {
		return err
	}
	note := s.b.note(by, ActResourceDeleted)
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		v, err := found(s.b.resources.get(tx, key{}.id(id)))
		if err != nil {
			return struct{}{}, err
		}
		if err := s.b.own(tx, v, nil); err != nil {
			return struct{}{}, err
		}
		if err := s.b.resources.delete(tx, key{}.id(id)); err != nil {
			return struct{}{}, err
		}
		if err := s.b.changed(tx); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.b.audit.put(tx, note.about(ID{}, "", v.Identifier))
	})
	return err
}
