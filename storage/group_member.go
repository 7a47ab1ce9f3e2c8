package storage

import (
	"context"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// groupsMost bounds how many groups a user has, and how many a client is open to.
const groupsMost = 100

// Join makes a user a member of a group, in force at the very next call. A member
// already: nothing changes. Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Groups) Join(ctx context.Context, by Actor, group, user ID) error {
	return s.belong(ctx, by, ActGroupJoined, group, user, true)
}

// Leave takes a user out of a group, in force at the very next call. Errors:
// ErrForbidden, ErrNotFound.
func (s Groups) Leave(ctx context.Context, by Actor, group, user ID) error {
	return s.belong(ctx, by, ActGroupLeft, group, user, false)
}

func (s Groups) belong(ctx context.Context, by Actor, act Act, group, user ID, member bool) error {
	if err := by.mayManage(); err != nil {
		return err
	}
	note := s.b.note(by, act)
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		g, err := found(s.b.groups.get(tx, key{}.id(group)))
		if err != nil {
			return struct{}{}, err
		}
		u, err := found(s.b.users.get(tx, key{}.id(user)))
		if err != nil || slices.Contains(u.Groups, group) == member {
			return struct{}{}, err
		}
		if u.Groups, err = s.b.liveGroups(tx, u.Groups); err != nil {
			return struct{}{}, err
		}
		u.Groups = slices.DeleteFunc(u.Groups, func(id ID) bool { return id == group })
		if member {
			u.Groups = append(u.Groups, group)
		}
		if len(u.Groups) > groupsMost {
			return struct{}{}, invalid("group", "would be the user's %dth: at most %d", len(u.Groups), groupsMost)
		}
		if err := s.b.users.put(tx, u); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.b.audit.put(tx, note.about(u.ID, "", g.Name))
	})
	return err
}

// liveGroups leaves out the groups that are gone.
func (b *base) liveGroups(r kv.Reader, ids []ID) (live []ID, err error) {
	for _, id := range ids {
		g, err := b.groups.get(r, key{}.id(id))
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
func (s Groups) Members(ctx context.Context, group ID, after []byte, limit int) ([]*User, []byte, error) {
	p, err := view(ctx, s.b, func(r kv.Reader) (page[User], error) {
		return s.b.users.scanIndex(r, usersByGroup, key{}.id(group), after, limit, false)
	})
	return p.items, p.next, err
}

// Admits reports whether the client is open to the user: to everybody, or to one of
// the user's groups.
func (c *Client) Admits(u *User) bool {
	allowed := c.Metadata.AllowedGroups
	return len(allowed) == 0 || slices.ContainsFunc(u.Groups, func(id ID) bool { return slices.Contains(allowed, id) })
}

// checkAllowedGroups wants the groups that a client is open to to be there.
func (b *base) checkAllowedGroups(r kv.Reader, c *Client) error {
	const field = "allowed_groups"
	if len(c.Metadata.AllowedGroups) > groupsMost {
		return invalid(field, "must be at most %d", groupsMost)
	}
	for i, id := range c.Metadata.AllowedGroups {
		if slices.Contains(c.Metadata.AllowedGroups[:i], id) {
			return invalid(field, "must not name a group twice")
		}
		if g, err := b.groups.get(r, key{}.id(id)); err != nil || g == nil {
			return errOr(err, invalid(field, "must be groups that exist, not %s", id))
		}
	}
	return nil
}

// checkGroups is the part of access that groups decide.
func (b *base) checkGroups(_ kv.Reader, a *Access, _ time.Time) error {
	if !a.Client.Admits(a.User) {
		return DeadGroup
	}
	return nil
}

// readGroups reads the names for the groups claim, where it was granted.
func (b *base) readGroups(r kv.Reader, a *Access, _ time.Time) (err error) {
	if slices.Contains(a.Claims, ClaimGroups) {
		a.Groups, err = b.groupNames(r, a.User.Groups)
	}
	return err
}
