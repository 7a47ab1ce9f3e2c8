package storage

import (
	"context"

	"latchkey/storage/kv"
)

// Get returns one account, or ErrNotFound. The result is shared: not to be changed.
func (s Users) Get(ctx context.Context, id ID) (*User, error) {
	return view(ctx, s.b, func(r kv.Reader) (*User, error) {
		u, err := s.b.users.shared(r, key{}.id(id))
		return found(u, err)
	})
}

func found[T any](v *T, err error) (*T, error) {
	if err == nil && v == nil {
		err = ErrNotFound
	}
	return v, err
}

// Find returns the account with that id, username or e-mail address, whatever
// their case or Unicode form, or else with exactly that external id, or
// ErrNotFound, which an empty name is.
func (s Users) Find(ctx context.Context, name string) (*User, error) {
	if name == "" {
		return nil, ErrNotFound
	}
	return view(ctx, s.b, func(r kv.Reader) (*User, error) {
		if id, err := ParseID(name); err == nil {
			if u, err := s.b.users.get(r, key{}.id(id)); err != nil || u != nil {
				return u, err
			}
		} else if u, err := s.b.findUser(r, name); err != nil || u != nil {
			return u, err
		}
		return found(s.b.byExternalID(r, name))
	})
}

// ByExternalIDs returns the accounts that have one of the external ids, by these.
func (s Users) ByExternalIDs(ctx context.Context, ids []string) (map[string]*User, error) {
	return view(ctx, s.b, func(r kv.Reader) (map[string]*User, error) {
		all := map[string]*User{}
		for _, id := range ids {
			u, err := s.b.byExternalID(r, id)
			if err != nil {
				return nil, err
			}
			if u != nil {
				all[id] = u
			}
		}
		return all, nil
	})
}

func (b *base) byExternalID(r kv.Reader, id string) (*User, error) {
	if id == "" || validExternalID(id) != nil {
		return nil, nil
	}
	return b.users.find(r, usersByExternalID, key{}.str(id))
}

// ByLogin is Find for what a person types to sign in: a username or an e-mail
// address.
func (s Users) ByLogin(ctx context.Context, login string) (*User, error) {
	return view(ctx, s.b, func(r kv.Reader) (*User, error) { return found(s.b.findUser(r, login)) })
}

func (b *base) findUser(r kv.Reader, name string) (*User, error) {
	if name == "" || len(name) > loginMost {
		return nil, nil
	}
	if canonical, err := canonicalUsername(name); err == nil {
		if u, err := b.users.find(r, usersByUsername, key{}.str(canonical)); err != nil || u != nil {
			return u, err
		}
	}
	for _, form := range append([]string{canonicalEmail(name)}, alikeEmails(name)...) {
		if u, err := b.users.find(r, usersByEmail, key{}.str(form)); err != nil || u != nil {
			return u, err
		}
	}
	return nil, nil
}

// List returns up to limit accounts, oldest first, after the cursor of an earlier
// page, and the next cursor.
func (s Users) List(ctx context.Context, after []byte, limit int) ([]*User, []byte, error) {
	p, err := view(ctx, s.b, func(r kv.Reader) (page[User], error) {
		return s.b.users.scan(r, nil, after, limit, false)
	})
	return p.items, p.next, err
}
