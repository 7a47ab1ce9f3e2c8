package people

import (
	"context"
	"slices"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// GroupsMost bounds how many groups a user has, and how many a client is open to.
const GroupsMost = 100

// Join makes a user a member of a group, in force at the very next call. A member
// already: nothing changes. Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Groups) Join(ctx context.Context, by storage.Actor, group, user storage.ID) error {
	return s.changeMembership(ctx, by, audit.ActGroupJoined, group, user, true)
}

// Leave takes a user out of a group, in force at the very next call. Errors:
// ErrForbidden, ErrNotFound.
func (s Groups) Leave(ctx context.Context, by storage.Actor, group, user storage.ID) error {
	return s.changeMembership(ctx, by, audit.ActGroupLeft, group, user, false)
}

func (s Groups) changeMembership(ctx context.Context, by storage.Actor, act audit.Act, group, user storage.ID,
	member bool) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	note := s.people.Trail.Note(by, act)
	_, err := table.Update(ctx, s.people.DB, func(tx kv.Txn) (struct{}, error) {
		g, err := storage.Found(s.people.Groups.Get(tx, table.Key{}.ID(group)))
		if err != nil {
			return struct{}{}, err
		}
		u, err := storage.Found(s.people.Users.Get(tx, table.Key{}.ID(user)))
		if err != nil || slices.Contains(u.Groups, group) == member {
			return struct{}{}, err
		}
		if u.Groups, err = s.people.liveGroups(tx, u.Groups); err != nil {
			return struct{}{}, err
		}
		u.Groups = slices.DeleteFunc(u.Groups, func(id storage.ID) bool { return id == group })
		if member {
			u.Groups = append(u.Groups, group)
		}
		if len(u.Groups) > GroupsMost {
			return struct{}{}, storage.Invalidf("group", "would be the user's %dth: at most %d", len(u.Groups),
				GroupsMost)
		}
		if err := s.people.Users.Put(tx, u); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.people.Trail.Audit.Put(tx, note.About(u.ID, "", g.Name))
	})
	return err
}

// liveGroups leaves out the groups that are gone.
func (p *People) liveGroups(r kv.Reader, ids []storage.ID) (live []storage.ID, err error) {
	for _, id := range ids {
		g, err := p.Groups.Get(r, table.Key{}.ID(id))
		if err != nil {
			return nil, err
		}
		if g != nil {
			live = append(live, id)
		}
	}
	return live, nil
}

// Members returns up to limit members of a group, the oldest account first, after the
// cursor of an earlier page, and the next cursor.
func (s Groups) Members(ctx context.Context, group storage.ID, after []byte, limit int) ([]*User, []byte, error) {
	p, err := table.View(ctx, s.people.DB, func(r kv.Reader) (table.Page[User], error) {
		return s.people.Users.ScanIndex(r, usersByGroup, table.Key{}.ID(group), after, limit, false)
	})
	return p.Items, p.Next, err
}
