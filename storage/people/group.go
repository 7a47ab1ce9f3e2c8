package people

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

func groupChanges(before, after *Group) []audit.FieldChange {
	return audit.Compare(before.leaves(), after.leaves(), func(string) bool { return true })
}

func (g *Group) leaves() []audit.Leaf {
	return []audit.Leaf{audit.LeafOf("name", reflect.ValueOf(&g.Name).Elem()),
		audit.LeafOf("description", reflect.ValueOf(&g.Description).Elem())}
}

// Group is a name for some of the users: apps see it in the groups claim, and may be
// open to some groups only. Users hold their groups by id, so that a name can change.
type Group struct {
	ID          storage.ID `cbor:"1,keyasint"`
	Name        string     `cbor:"2,keyasint"`
	Description string     `cbor:"3,keyasint,omitempty"`
	Created     time.Time  `cbor:"4,keyasint"`
	Updated     time.Time  `cbor:"5,keyasint"`
}

// Groups holds the groups. Names are unique over every spelling that people take for
// the same.
type Groups struct{ people *People }

const groupsByName = 0

func groupTable() table.Table[Group] {
	return table.Table[Group]{Name: "groups", Space: table.SpaceGroups,
		Key:   func(g *Group) table.Key { return table.Key{}.ID(g.ID) },
		Ready: func(g *Group, _ table.Key) { table.InUTC(&g.Created, &g.Updated) },
		Indexes: []table.Index[Group]{
			groupsByName: {Field: "name", Space: table.SpaceGroupsByName, Unique: true,
				Keys: func(g *Group) []table.Key {
					return []table.Key{table.Key{}.Str(canonicalGroup(g.Name))}
				}},
		}}
}

// canonicalGroup maps every spelling of a name to one, as for e-mail addresses.
func canonicalGroup(name string) string { return table.CanonicalEmail(name) }

// validate holds the group to the rules; was is what is stored, zero for a new one.
func (g *Group) validate(was Group) error {
	if err := storage.VisibleChange("name", was.Name, g.Name); err != nil {
		return err
	}
	if g.Name == "" || len(g.Name) > 100 || strings.TrimSpace(g.Name) != g.Name {
		return storage.Invalidf("name", "must be 1 to 100 bytes long, without spaces around it")
	}
	if _, err := storage.ParseID(g.Name); err == nil {
		return storage.Invalidf("name", "must not look like an id")
	}
	if len(g.Description) > 500 {
		return storage.Invalidf("description", "must be at most 500 bytes long")
	}
	return storage.VisibleChange("description", was.Description, g.Description)
}

// Create adds a group. Errors: ErrForbidden, *Invalid, *Taken.
func (s Groups) Create(ctx context.Context, by storage.Actor, name, description string) (*Group, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	now, note := s.people.DB.Instant(), s.people.Trail.Note(by, audit.ActGroupCreated)
	g := Group{ID: s.people.DB.NewID(), Name: name, Description: description, Created: now, Updated: now}
	if err := g.validate(Group{}); err != nil {
		return nil, err
	}
	return table.Update(ctx, s.people.DB, func(tx kv.Txn) (*Group, error) {
		if err := s.people.Groups.Put(tx, &g); err != nil {
			return nil, err
		}
		return &g, s.people.Trail.Audit.Put(tx, note.About(storage.ID{}, "", g.Name))
	})
}

// GroupChange is what to change of a group; nil leaves a field as it is.
type GroupChange struct{ Name, Description *string }

// Change edits a group. Errors: ErrForbidden, ErrNotFound, *Invalid, *Taken.
func (s Groups) Change(ctx context.Context, by storage.Actor, id storage.ID, c GroupChange) (*Group, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	now, note := s.people.DB.Instant(), s.people.Trail.Note(by, audit.ActGroupChanged)
	return table.Update(ctx, s.people.DB, func(tx kv.Txn) (*Group, error) {
		g, err := storage.Found(s.people.Groups.Get(tx, table.Key{}.ID(id)))
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
		if err := s.people.Groups.Put(tx, g); err != nil {
			return nil, err
		}
		return g, s.people.Trail.Audit.Put(tx, note.About(storage.ID{}, "", g.Name).With(groupChanges(&before, g)))
	})
}

// Delete removes a group. Its members lose it at once, without being written: they
// hold an id that leads nowhere and is never given again. A group that a client is
// open to stays: without it, the client could be open to everybody, or to nobody.
// Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Groups) Delete(ctx context.Context, by storage.Actor, id storage.ID) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	note := s.people.Trail.Note(by, audit.ActGroupDeleted)
	_, err := table.Update(ctx, s.people.DB, func(tx kv.Txn) (struct{}, error) {
		g, err := storage.Found(s.people.Groups.Get(tx, table.Key{}.ID(id)))
		if err != nil {
			return struct{}{}, err
		}
		client, err := clientOpenTo(tx, id)
		if err != nil {
			return struct{}{}, err
		}
		if client != "" {
			return struct{}{}, storage.Invalidf("group",
				"is among the allowed groups of the client %s: take it out there first", client)
		}
		if err := s.people.Groups.Delete(tx, table.Key{}.ID(id)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.people.Trail.Audit.Put(tx, note.About(storage.ID{}, "", g.Name))
	})
	return err
}

// clientOpenTo returns the id of a client that is open to the group; "" if none is. It
// reads one entry of the clients' index, since a group knows nothing else of clients.
func clientOpenTo(r kv.Reader, group storage.ID) (clientID string, err error) {
	entries, err := r.Scan(kv.Range{Prefix: append([]byte{table.SpaceClientsByGroup}, table.Key{}.ID(group)...),
		Limit: 1})
	if err != nil || len(entries) == 0 {
		return "", err
	}
	return table.Key(entries[0].Value).Text(), nil
}

// Find returns the group with that name, in any spelling, or id; or ErrNotFound.
func (s Groups) Find(ctx context.Context, name string) (*Group, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) (*Group,
		error) {
		return storage.Found(s.people.findGroup(r, name))
	})
}

func (p *People) findGroup(r kv.Reader, name string) (*Group, error) {
	if id, err := storage.ParseID(name); err == nil {
		return p.Groups.Get(r, table.Key{}.ID(id))
	}
	if name == "" || len(name) > 512 {
		return nil, nil
	}
	return p.Groups.Find(r, groupsByName, table.Key{}.Str(canonicalGroup(name)))
}

// List returns up to limit groups, oldest first, after the cursor of an earlier page,
// and the next cursor.
func (s Groups) List(ctx context.Context, after []byte, limit int) ([]*Group, []byte, error) {
	p, err := table.View(ctx, s.people.DB, func(r kv.Reader) (table.Page[Group], error) {
		return s.people.Groups.Scan(r, nil, after, limit, false)
	})
	return p.Items, p.Next, err
}

// Names returns the names of groups, sorted. Those that are gone are left out.
func (s Groups) Names(ctx context.Context, ids []storage.ID) ([]string, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) ([]string, error) { return s.people.GroupNames(r, ids) })
}

func (p *People) GroupNames(r kv.Reader, ids []storage.ID) ([]string, error) {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		g, err := p.Groups.Get(r, table.Key{}.ID(id))
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
