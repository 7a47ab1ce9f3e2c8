package people

import (
	"context"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Get returns one account, or ErrNotFound. The result is shared: not to be changed.
func (s Users) Get(ctx context.Context, id storage.ID) (*User, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) (*User, error) {
		u, err := s.people.Users.Shared(r, table.Key{}.ID(id))
		return storage.Found(u, err)
	})
}

// Find returns the account with that id, username or e-mail address, whatever
// their case or Unicode form, or else with exactly that external id, or
// ErrNotFound, which an empty name is.
func (s Users) Find(ctx context.Context, name string) (*User, error) {
	if name == "" {
		return nil, storage.ErrNotFound
	}
	return table.View(ctx, s.people.DB, func(r kv.Reader) (*User, error) {
		if id, err := storage.ParseID(name); err == nil {
			if u, err := s.people.Users.Get(r, table.Key{}.ID(id)); err != nil || u != nil {
				return u, err
			}
		} else if u, err := s.people.findUser(r, name); err != nil || u != nil {
			return u, err
		}
		return storage.Found(s.people.byExternalID(r, name))
	})
}

// ByExternalIDs returns the accounts that have one of the external ids, by these.
func (s Users) ByExternalIDs(ctx context.Context, ids []string) (map[string]*User, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) (map[string]*User, error) {
		all := map[string]*User{}
		for _, id := range ids {
			u, err := s.people.byExternalID(r, id)
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

func (p *People) byExternalID(r kv.Reader, id string) (*User, error) {
	if id == "" || validExternalID(id) != nil {
		return nil, nil
	}
	return p.Users.Find(r, usersByExternalID, table.Key{}.Str(id))
}

// ByLogin is Find for what a person types to sign in: a username or an e-mail
// address.
func (s Users) ByLogin(ctx context.Context, login string) (*User, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) (*User,
		error) {
		return storage.Found(s.people.findUser(r, login))
	})
}

func (p *People) findUser(r kv.Reader, name string) (*User, error) {
	if name == "" || len(name) > maxLogin {
		return nil, nil
	}
	if canonical, err := canonicalUsername(name); err == nil {
		if u, err := p.Users.Find(r, usersByUsername, table.Key{}.Str(canonical)); err != nil || u != nil {
			return u, err
		}
	}
	for _, form := range append([]string{table.CanonicalEmail(name)}, alikeEmails(name)...) {
		if u, err := p.Users.Find(r, usersByEmail, table.Key{}.Str(form)); err != nil || u != nil {
			return u, err
		}
	}
	return nil, nil
}

// List returns up to limit accounts, oldest first, after the cursor of an earlier
// page, and the next cursor.
func (s Users) List(ctx context.Context, after []byte, limit int) ([]*User, []byte, error) {
	p, err := table.View(ctx, s.people.DB, func(r kv.Reader) (table.Page[User], error) {
		return s.people.Users.Scan(r, nil, after, limit, false)
	})
	return p.Items, p.Next, err
}
