package store_test

import (
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestEveryKindOfDamageIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(*store.Floors, storetest.Writer, storetest.Redeemed) error
		table  string
		what   string
	}{
		"a record that cannot be read": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put(floors.Apps.Clients.FullKey(table.Key{}.Str("demo")), []byte{table.RecordVersion, 0xff})
		}, "clients", "cannot be read"},
		"a record of an unknown version": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put(floors.Grants.Consents.FullKey(grants.ConsentKey(f.User.ID, f.Client.UID)), []byte{99, 0xa0})
		}, "consents", "unknown version"},
		"an empty record": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put(floors.People.Memberships.FullKey(table.Key{}.ID(f.User.ID)), nil)
		}, "memberships", "unknown version"},
		"a record under another's key": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			raw, err := table.Encode(f.Client)
			if err != nil {
				return err
			}
			return w.Put(floors.Apps.Clients.FullKey(table.Key{}.Str("other")), raw)
		}, "clients", "under another key"},
		"a missing unique entry": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Delete(append([]byte{table.SpaceUsersByUsername}, table.Key{}.Str("ada")...))
		}, "users", "missing or leads elsewhere"},
		"a unique entry that leads elsewhere": {func(floors *store.Floors, w storetest.Writer,
			f storetest.Redeemed) error {
			return w.Put(append([]byte{table.SpaceUsersByUsername}, table.Key{}.Str("ada")...),
				table.Key{}.ID(storage.ID{1}))
		}, "users", "missing or leads elsewhere"},
		"a unique entry that leads nowhere": {func(floors *store.Floors, w storetest.Writer,
			f storetest.Redeemed) error {
			return w.Put(append([]byte{table.SpaceUsersByEmail}, table.Key{}.Str("x@y.z")...),
				table.Key{}.ID(storage.ID{1}))
		}, "users", "leads to no record"},
		"a unique entry too many": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put(append([]byte{table.SpaceUsersByEmail}, table.Key{}.Str("x@y.z")...),
				table.Key{}.ID(f.User.ID))
		}, "users", "not one of its record's"},
		"a missing entry": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Delete(append([]byte{table.SpaceSessionsByUser}, table.Key{}.ID(f.User.ID).ID(f.Session.ID)...))
		}, "sessions", "missing or leads elsewhere"},
		"an entry too many": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put(append([]byte{table.SpaceSessionsByUser},
				table.Key{}.ID(storage.ID{1}).ID(f.Session.ID)...), table.Key{}.ID(f.Session.ID))
		}, "sessions", "not one of its record's"},
		"an administrator who is none": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put(append([]byte{table.SpaceAdmins}, table.Key{}.ID(f.User.ID)...), table.Key{}.ID(f.User.ID))
		}, "users", "not one of its record's"},
		"a grant without state": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Delete(floors.Grants.GrantStates.FullKey(table.Key{}.ID(f.Grant.ID)))
		}, "grants", "no state"},
		"a state without grant": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Delete(floors.Grants.Grants.FullKey(table.Key{}.ID(f.Grant.ID)))
		}, "grant states", "no grant"},
		"a state that cannot be read": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put(floors.Grants.GrantStates.FullKey(table.Key{}.ID(f.Grant.ID)), []byte{table.RecordVersion})
		}, "grant states", "cannot be read"},
		"a state under a key that is no id": {func(floors *store.Floors, w storetest.Writer,
			f storetest.Redeemed) error {
			raw, err := table.Encode(&grants.GrantState{})
			if err != nil {
				return err
			}
			return w.Put(floors.Grants.GrantStates.FullKey(table.Key("short")), raw)
		}, "grant states", "under another key"},
		"a list of offline grants under another's key": {func(floors *store.Floors, w storetest.Writer,
			f storetest.Redeemed) error {
			raw, err := table.Encode(&grants.Offline{User: f.User.ID, Client: f.Client.UID})
			if err != nil {
				return err
			}
			return w.Put(floors.Grants.Offline.FullKey(grants.ConsentKey(f.Client.UID, f.User.ID)), raw)
		}, "offline grants", "under another key"},
		"a scope whose resource is gone": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return floors.Apps.Scopes.Put(w, &apps.Scope{Name: "x", Words: "x", Owner: storage.ID{9}})
		}, "scopes", "does not exist"},
		"a scope that its resource does not know": {func(floors *store.Floors, w storetest.Writer,
			f storetest.Redeemed) error {
			if err := floors.Apps.Resources.Put(w, &apps.Resource{ID: storage.ID{9}, Identifier: "urn:x"}); err != nil {
				return err
			}
			return floors.Apps.Scopes.Put(w, &apps.Scope{Name: "x", Words: "x", Owner: storage.ID{9}})
		}, "scopes", "does not know it"},
		"a resource whose scope is another's": {func(floors *store.Floors, w storetest.Writer,
			f storetest.Redeemed) error {
			return floors.Apps.Resources.Put(w,
				&apps.Resource{ID: storage.ID{9}, Identifier: "urn:x", Scopes: []string{apps.ScopeOpenID}})
		}, "resources", "not in the catalogue as its own"},
		"a resource with a user's id": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return floors.Apps.Resources.Put(w, &apps.Resource{ID: f.User.ID, Identifier: "urn:x"})
		}, "resources", "also a client's or a user's"},
		"an identifier that leads nowhere": {func(floors *store.Floors, w storetest.Writer,
			f storetest.Redeemed) error {
			return w.Put(append([]byte{table.SpaceResourcesByURI}, table.Key{}.Str("urn:x")...),
				table.Key{}.ID(storage.ID{9}))
		}, "resources", "leads to no record"},
		"a key of no table": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put([]byte{0xee, 1}, nil)
		}, "file", "belongs to no table"},
		"a key beside the schema's": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put([]byte{table.SpaceMeta, 1}, nil)
		}, "meta", "belongs to nothing"},
		"a schema that cannot be read": {func(floors *store.Floors, w storetest.Writer, f storetest.Redeemed) error {
			return w.Put([]byte{table.SpaceMeta}, []byte("x"))
		}, "meta", "unknown version"},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			f := h.Redeemed()
			h.Sound()
			h.Plant(func(floors *store.Floors, w storetest.Writer) error { return c.damage(floors, w, f) })
			faults := storetest.Need(h.Check(h.Ctx))(h)
			for _, fault := range faults {
				if fault.Table == c.table && strings.Contains(fault.What, c.what) && len(fault.Key) > 0 {
					return
				}
			}
			t.Errorf("found %q", storetest.Names(faults))
		})
	}
}

func TestCheckWalksOverAsManyPagesAsThereAre(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		for range table.CheckSlice + 10 {
			id := h.Grants.NewID()
			if err := f.People.Links.Put(w, &people.Link{Hash: id[:]}); err != nil {
				return err
			}
		}
		return w.Put(f.People.Links.FullKey(table.Key("\xff")), []byte("rubbish")) // the last one
	})
	if faults := storetest.Need(h.Check(h.Ctx))(h); len(faults) != 1 {
		t.Errorf("found %q", storetest.Names(faults))
	}
}
