package storage

import (
	"strings"
	"testing"
)

func TestEveryKindOfDamageIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(*base, writer, redeemed) error
		table  string
		what   string
	}{
		"a record that cannot be read": {func(b *base, w writer, f redeemed) error {
			return w.Put(b.clients.full(key{}.str("demo")), []byte{recordVersion, 0xff})
		}, "clients", "cannot be read"},
		"a record of an unknown version": {func(b *base, w writer, f redeemed) error {
			return w.Put(b.consents.full(consentKey(f.user.ID, f.client.UID)), []byte{99, 0xa0})
		}, "consents", "unknown version"},
		"an empty record": {func(b *base, w writer, f redeemed) error {
			return w.Put(b.memberships.full(key{}.id(f.user.ID)), nil)
		}, "memberships", "unknown version"},
		"a record under another's key": {func(b *base, w writer, f redeemed) error {
			raw, err := encode(f.client)
			if err != nil {
				return err
			}
			return w.Put(b.clients.full(key{}.str("other")), raw)
		}, "clients", "under another key"},
		"a missing unique entry": {func(b *base, w writer, f redeemed) error {
			return w.Delete(append([]byte{spaceUsersByUsername}, key{}.str("ada")...))
		}, "users", "missing or leads elsewhere"},
		"a unique entry that leads elsewhere": {func(b *base, w writer, f redeemed) error {
			return w.Put(append([]byte{spaceUsersByUsername}, key{}.str("ada")...), key{}.id(ID{1}))
		}, "users", "missing or leads elsewhere"},
		"a unique entry that leads nowhere": {func(b *base, w writer, f redeemed) error {
			return w.Put(append([]byte{spaceUsersByEmail}, key{}.str("x@y.z")...), key{}.id(ID{1}))
		}, "users", "leads to no record"},
		"a unique entry too many": {func(b *base, w writer, f redeemed) error {
			return w.Put(append([]byte{spaceUsersByEmail}, key{}.str("x@y.z")...), key{}.id(f.user.ID))
		}, "users", "not one of its record's"},
		"a missing entry": {func(b *base, w writer, f redeemed) error {
			return w.Delete(append([]byte{spaceSessionsByUser}, key{}.id(f.user.ID).id(f.session.ID)...))
		}, "sessions", "missing or leads elsewhere"},
		"an entry too many": {func(b *base, w writer, f redeemed) error {
			return w.Put(append([]byte{spaceSessionsByUser}, key{}.id(ID{1}).id(f.session.ID)...), key{}.id(f.session.ID))
		}, "sessions", "not one of its record's"},
		"an administrator who is none": {func(b *base, w writer, f redeemed) error {
			return w.Put(append([]byte{spaceAdmins}, key{}.id(f.user.ID)...), key{}.id(f.user.ID))
		}, "users", "not one of its record's"},
		"a grant without state": {func(b *base, w writer, f redeemed) error {
			return w.Delete(b.grantStates.full(key{}.id(f.grant.ID)))
		}, "grants", "no state"},
		"a state without grant": {func(b *base, w writer, f redeemed) error {
			return w.Delete(b.grants.full(key{}.id(f.grant.ID)))
		}, "grant states", "no grant"},
		"a state that cannot be read": {func(b *base, w writer, f redeemed) error {
			return w.Put(b.grantStates.full(key{}.id(f.grant.ID)), []byte{recordVersion})
		}, "grant states", "cannot be read"},
		"a state under a key that is no id": {func(b *base, w writer, f redeemed) error {
			raw, err := encode(&GrantState{})
			if err != nil {
				return err
			}
			return w.Put(b.grantStates.full(key("short")), raw)
		}, "grant states", "under another key"},
		"a list of offline grants under another's key": {func(b *base, w writer, f redeemed) error {
			raw, err := encode(&offline{User: f.user.ID, Client: f.client.UID})
			if err != nil {
				return err
			}
			return w.Put(b.offline.full(consentKey(f.client.UID, f.user.ID)), raw)
		}, "offline grants", "under another key"},
		"a scope whose resource is gone": {func(b *base, w writer, f redeemed) error {
			return b.scopes.put(w, &Scope{Name: "x", Words: "x", Owner: ID{9}})
		}, "scopes", "does not exist"},
		"a scope that its resource does not know": {func(b *base, w writer, f redeemed) error {
			if err := b.resources.put(w, &Resource{ID: ID{9}, Identifier: "urn:x"}); err != nil {
				return err
			}
			return b.scopes.put(w, &Scope{Name: "x", Words: "x", Owner: ID{9}})
		}, "scopes", "does not know it"},
		"a resource whose scope is another's": {func(b *base, w writer, f redeemed) error {
			return b.resources.put(w, &Resource{ID: ID{9}, Identifier: "urn:x", Scopes: []string{ScopeOpenID}})
		}, "resources", "not in the catalogue as its own"},
		"a resource with a user's id": {func(b *base, w writer, f redeemed) error {
			return b.resources.put(w, &Resource{ID: f.user.ID, Identifier: "urn:x"})
		}, "resources", "also a client's or a user's"},
		"an identifier that leads nowhere": {func(b *base, w writer, f redeemed) error {
			return w.Put(append([]byte{spaceResourcesByURI}, key{}.str("urn:x")...), key{}.id(ID{9}))
		}, "resources", "leads to no record"},
		"a key of no table":         {func(b *base, w writer, f redeemed) error { return w.Put([]byte{0xee, 1}, nil) }, "file", "belongs to no table"},
		"a key beside the schema's": {func(b *base, w writer, f redeemed) error { return w.Put([]byte{spaceMeta, 1}, nil) }, "meta", "belongs to nothing"},
		"a schema that cannot be read": {func(b *base, w writer, f redeemed) error {
			return w.Put([]byte{spaceMeta}, []byte("x"))
		}, "meta", "unknown version"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			f := h.redeemed()
			h.sound()
			h.plant(func(b *base, w writer) error { return c.damage(b, w, f) })
			faults := need(h.Check(h.ctx))(h)
			for _, fault := range faults {
				if fault.Table == c.table && strings.Contains(fault.What, c.what) && len(fault.Key) > 0 {
					return
				}
			}
			t.Errorf("found %q", names(faults))
		})
	}
}

func TestCheckWalksOverAsManyPagesAsThereAre(t *testing.T) {
	h := newHouse(t)
	h.plant(func(b *base, w writer) error {
		for range checkSlice + 10 {
			id := h.Grants.NewID()
			if err := b.links.put(w, &Link{Hash: id[:]}); err != nil {
				return err
			}
		}
		return w.Put(b.links.full(key("\xff")), []byte("rubbish")) // the last one
	})
	if faults := need(h.Check(h.ctx))(h); len(faults) != 1 {
		t.Errorf("found %q", names(faults))
	}
}
