package apps

import (
	"slices"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/table"
)

// Admits reports whether the client is open to the user: to everybody, or to one of
// the user's groups.
func (c *Client) Admits(u *people.User) bool {
	allowed := c.Metadata.AllowedGroups
	return len(allowed) == 0 || slices.ContainsFunc(u.Groups,
		func(id storage.ID) bool { return slices.Contains(allowed, id) })
}

// checkAllowedGroups wants the groups that a client is open to to be there.
func (a *Apps) checkAllowedGroups(r kv.Reader, c *Client) error {
	const field = "allowed_groups"
	if len(c.Metadata.AllowedGroups) > people.GroupsMost {
		return storage.Invalidf(field, "must be at most %d", people.GroupsMost)
	}
	for i, id := range c.Metadata.AllowedGroups {
		if slices.Contains(c.Metadata.AllowedGroups[:i], id) {
			return storage.Invalidf(field, "must not name a group twice")
		}
		if g, err := a.People.Groups.Get(r, table.Key{}.ID(id)); err != nil || g == nil {
			return storage.ErrOr(err, storage.Invalidf(field, "must be groups that exist, not %s", id))
		}
	}
	return nil
}
