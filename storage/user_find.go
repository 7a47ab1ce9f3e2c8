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

// Find returns the account with that username, e-mail address or id, whatever
// their case or Unicode form, or ErrNotFound.
func (s Users) Find(ctx context.Context, name string) (*User, error) {
	return view(ctx, s.b, func(r kv.Reader) (*User, error) {
		if id, err := ParseID(name); err == nil {
			return found(s.b.users.get(r, key{}.id(id)))
		}
		return found(s.b.findUser(r, name))
	})
}

// ByLogin is Find for what a person types to sign in: a username or an e-mail
// address.
func (s Users) ByLogin(ctx context.Context, login string) (*User, error) {
	return view(ctx, s.b, func(r kv.Reader) (*User, error) { return found(s.b.findUser(r, login)) })
}

func (b *base) findUser(r kv.Reader, name string) (*User, error) {
	if len(name) > 512 {
		return nil, nil // longer than any name: not worth mapping
	}
	if canonical, err := canonicalUsername(name); err == nil {
		if u, err := b.users.find(r, usersByUsername, key{}.str(canonical)); err != nil || u != nil {
			return u, err
		}
	}
	return b.users.find(r, usersByEmail, key{}.str(canonicalEmail(name)))
}

// List returns up to limit accounts, oldest first, after the cursor of an earlier
// page, and the next cursor.
func (s Users) List(ctx context.Context, after []byte, limit int) ([]*User, []byte, error) {
	p, err := view(ctx, s.b, func(r kv.Reader) (page[User], error) {
		return s.b.users.scan(r, nil, after, limit, false)
	})
	return p.items, p.next, err
}
