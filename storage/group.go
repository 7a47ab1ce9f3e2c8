package storage

import (
	"context"
	"slices"
	"strings"
	"time"

	"latchkey/storage/kv"
)

// Group is a name for some of the users: apps see it in the groups claim, and may be
// open to some groups only. Users hold their groups by id, so that a name can change.
type Group struct {
	ID          ID        `cbor:"1,keyasint"`
	Name        string    `cbor:"2,keyasint"`
	Description string    `cbor:"3,keyasint,omitempty"`
	Created     time.Time `cbor:"4,keyasint"`
	Updated     time.Time `cbor:"5,keyasint"`
}

// Groups holds the groups. Names are unique over every spelling that people take for
// the same.
type Groups struct{ b *base }

const groupsByName = 0

func groupTable() table[Group] {
	return table[Group]{name: "groups", space: spaceGroups,
		key:   func(g *Group) key { return key{}.id(g.ID) },
		ready: func(g *Group, _ key) { inUTC(&g.Created, &g.Updated) },
		indexes: []index[Group]{
			groupsByName: {field: "name", space: spaceGroupsByName, unique: true, keys: func(g *Group) []key {
				return []key{key{}.str(canonicalGroup(g.Name))}
			}},
		}}
}

// canonicalGroup maps every spelling of a name to one, as for e-mail addresses.
func canonicalGroup(name string) string { return canonicalEmail(name) }

// validate holds the group to the rules; was is what is stored, zero for a new one.
func (g *Group) validate(was Group) error {
	if err := visibleChange("name", was.Name, g.Name); err != nil {
		return err
	}
	if g.Name == "" || len(g.Name) > 100 || strings.TrimSpace(g.Name) != g.Name {
		return invalid("name", "must be 1 to 100 bytes long, without spaces around it")
	}
	if _, err := ParseID(g.Name); err == nil {
		return invalid("name", "must not look like an id")
	}
	if len(g.Description) > 500 {
		return invalid("description", "must be at most 500 bytes long")
	}
	return visibleChange("description", was.Description, g.Description)
}

// Create adds a group. Errors: ErrForbidden, *Invalid, *Taken.
func (s Groups) Create(ctx context.Context, by Actor, name, description string) (*Group, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	now, note := s.b.instant(), s.b.note(by, ActGroupCreated)
	g := Group{ID: s.b.newID(), Name: name, Description: description, Created: now, Updated: now}
	if err := g.validate(Group{}); err != nil {
		return nil, err
	}
	return update(ctx, s.b, func(tx kv.Txn) (*Group, error) {
		if err := s.b.groups.put(tx, &g); err != nil {
			return nil, err
		}
		return &g, s.b.audit.put(tx, note.about(ID{}, "", g.Name))
	})
}

// GroupChange is what to change of a group; nil leaves a field as it is.
type GroupChange struct{ Name, Description *string }

// Change edits a group. Errors: ErrForbidden, ErrNotFound, *Invalid, *Taken.
func (s Groups) Change(ctx context.Context, by Actor, id ID, c GroupChange) (*Group, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	now, note := s.b.instant(), s.b.note(by, ActGroupChanged)
	return update(ctx, s.b, func(tx kv.Txn) (*Group, error) {
		g, err := found(s.b.groups.get(tx, key{}.id(id)))
		if err != nil {
			return nil, err
		}
		before := *g
		if c.Name != nil {
			g.Name = *c.Name
		}
		if c.Description != nil {
			g.Description = *c.Description
		}
		if err := g.validate(before); err != nil {
			return nil, err
		}
		g.Updated = now
		if err := s.b.groups.put(tx, g); err != nil {
			return nil, err
		}
		return g, s.b.audit.put(tx, note.about(ID{}, "", g.Name).with(groupChanges(&before, g)))
	})
}

// Delete removes a group. Its members lose it at once, without being written: they
// hold an id that leads nowhere and is never given again. A group that a client is
// open to stays: without it, the client could be open to everybody, or to nobody.
// Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Groups) Delete(ctx context.Context, by Actor, id ID) error {
	if err := by.mayManage(); err != nil {
		return err
	}
	note := s.b.note(by, ActGroupDeleted)
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		g, err := found(s.b.groups.get(tx, key{}.id(id)))
		if err != nil {
			return struct{}{}, err
		}
		client, err := clientOpenTo(tx, id)
		if err != nil {
			return struct{}{}, err
		}
		if client != "" {
			return struct{}{}, invalid("group", "is among the allowed groups of the client %s: take it out there first", client)
		}
		if err := s.b.groups.delete(tx, key{}.id(id)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.b.audit.put(tx, note.about(ID{}, "", g.Name))
	})
	return err
}

// clientOpenTo returns the id of a client that is open to the group; "" if none is. It
// reads one entry of the clients' index, since a group knows nothing else of clients.
func clientOpenTo(r kv.Reader, group ID) (clientID string, err error) {
	entries, err := r.Scan(kv.Range{Prefix: append([]byte{spaceClientsByGroup}, key{}.id(group)...), Limit: 1})
	if err != nil || len(entries) == 0 {
		return "", err
	}
	return key(entries[0].Value).text(), nil
}

// Find returns the group with that name, in any spelling, or id; or ErrNotFound.
func (s Groups) Find(ctx context.Context, name string) (*Group, error) {
	return view(ctx, s.b, func(r kv.Reader) (*Group, error) { return found(s.b.findGroup(r, name)) })
}

func (b *base) findGroup(r kv.Reader, name string) (*Group, error) {
	if id, err := ParseID(name); err == nil {
		return b.groups.get(r, key{}.id(id))
	}
	if name == "" || len(name) > 512 {
		return nil, nil
	}
	return b.groups.find(r, groupsByName, key{}.str(canonicalGroup(name)))
}

// List returns up to limit groups, oldest first, after the cursor of an earlier page,
// and the next cursor.
func (s Groups) List(ctx context.Context, after []byte, limit int) ([]*Group, []byte, error) {
	p, err := view(ctx, s.b, func(r kv.Reader) (page[Group], error) {
		return s.b.groups.scan(r, nil, after, limit, false)
	})
	return p.items, p.next, err
}

// Names returns the names of groups, sorted. Those that are gone are left out.
func (s Groups) Names(ctx context.Context, ids []ID) ([]string, error) {
	return view(ctx, s.b, func(r kv.Reader) ([]string, error) { return s.b.groupNames(r, ids) })
}

func (b *base) groupNames(r kv.Reader, ids []ID) ([]string, error) {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		g, err := b.groups.get(r, key{}.id(id))
		if err != nil {
			return nil, err
		}
		if g != nil {
			names = append(names, g.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}
