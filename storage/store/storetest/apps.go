package storetest

import (
	"errors"
	"strings"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/table"
)

func (h *House) Assertion(jti string, life time.Duration) apps.Assertion {
	return apps.Assertion{Hash: []byte("hash of " + jti), Expires: h.Clock.Now().Add(life)}
}

func Orders() apps.NewResource {
	return apps.NewResource{Identifier: "https://api.example/orders", Name: "Orders", Secret: []byte("hash"),
		SecretLast4: "abcd",
		Scopes: []apps.ResourceScope{{Name: "orders:read", Words: "see your orders"},
			{Name: "orders:write", Words: "order for you", Sensitivity: apps.SensitivityHigh}}}
}

func (h *House) Resource(n apps.NewResource) *apps.Resource {
	h.T.Helper()
	return Need(h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, n))(h)
}

func (h *House) MayAsk(client string, scopes ...string) {
	h.T.Helper()
	m := Need(h.Clients.Get(h.Ctx, client))(h).Metadata
	m.Scopes = scopes
	Need(h.Clients.Change(h.Ctx, storage.Operator, client, 0, m))(h)
}

// InForce are the names of the scopes that a grant gives now; nil: it is dead.
func (h *House) InForce(g *grants.Grant) []string {
	h.T.Helper()
	if dead := h.Dead(g); dead != "" {
		return nil
	}
	return Need(h.Grants.Access(h.Ctx, g.ID, nil))(h).Scopes
}

func (h *House) Narrowed(v *apps.Resource) {
	Need(h.Resources.Change(h.Ctx, storage.Operator, v.ID, 0, apps.ResourceChange{Scopes: Orders().Scopes[1:]}))(h)
}

// Successor is another API, whose owner would like the scopes of the one before.
func (h *House) Successor() {
	n := Orders()
	n.Identifier = "https://other.example"
	_, err := h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, n)
	if err == nil || !strings.Contains(err.Error(), "https://api.example/orders") {
		h.T.Fatalf("a scope that users allowed for one API opens another: %v", err)
	}
	n.Scopes = []apps.ResourceScope{{Name: "other:read", Words: "see others"}}
	h.Resource(n)
}

func (h *House) HasOrigin(origin string) bool {
	h.T.Helper()
	return Need(h.Clients.HasOrigin(h.Ctx, origin))(h)
}

// BeforeOrigins makes the file one that a version without the index wrote.
func (h *House) BeforeOrigins() {
	h.T.Helper()
	h.Plant(func(_ *store.Floors, w Writer) error {
		raw, err := table.Encode(store.Meta{Schema: 2})
		if err := errors.Join(err, w.Put([]byte{table.SpaceMeta}, raw)); err != nil {
			return err
		}
		pairs, err := w.Scan(kv.Range{Prefix: []byte{table.SpaceClientsByOrigin}, Limit: kv.MaxPage})
		for _, p := range pairs {
			err = errors.Join(err, w.Delete(p.Key))
		}
		return err
	})
}
