package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"latchkey/storage/kv"
)

func (h *house) hasOrigin(origin string) bool {
	h.t.Helper()
	return need(h.Clients.HasOrigin(h.ctx, origin))(h)
}

// beforeOrigins makes the file one that a version without the index wrote.
func (h *house) beforeOrigins() {
	h.t.Helper()
	h.plant(func(_ *base, w writer) error {
		raw, err := encode(meta{Schema: 2})
		if err := errors.Join(err, w.Put([]byte{spaceMeta}, raw)); err != nil {
			return err
		}
		pairs, err := w.Scan(kv.Range{Prefix: []byte{spaceClientsByOrigin}, Limit: kv.MaxPage})
		for _, p := range pairs {
			err = errors.Join(err, w.Delete(p.Key))
		}
		return err
	})
}

func TestAFileOfBeforeGetsItsOriginsOnceItIsOpened(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		for i := range 2*fillSlice + 1 {
			m := webMetadata()
			m.RedirectURIs = []string{fmt.Sprintf("https://app-%03d.example/cb", i), "https://shared.example/cb"}
			id := fmt.Sprintf("client-%03d", i)
			need(h.Clients.Create(h.ctx, Operator, NewClient{ID: id, Metadata: m, Secret: []byte("hash")}))(h)
		}
		need(h.Clients.SetState(h.ctx, Operator, "client-007", ClientSuspended))(h)
		n := h.count(spaceClientsByOrigin)
		h.beforeOrigins()
		if h.hasOrigin("https://app-000.example") {
			t.Fatal("the file has the index")
		}
		// A backup of before is sound as it is.
		h.Store = need(Inspect(h.ctx, h.engine))(h)
		h.sound()
		*h = *h.reopened(t)
		h.sound()
		if got := h.count(spaceClientsByOrigin); got != n || n != 2*2*fillSlice {
			t.Errorf("%d entries, want %d", got, n)
		}
		for origin, want := range map[string]bool{"https://app-000.example": true, "https://app-200.example": true,
			"https://shared.example": true, "https://app-007.example": false, "https://app-00": false} {
			if h.hasOrigin(origin) != want {
				t.Errorf("%s: %v", origin, !want)
			}
		}
		if n := h.commits(func() { h.reopened(t) }); n != 0 {
			t.Errorf("%d commits to open it again", n)
		}
	})
}

func TestAFileOfBeforeWithADamagedClientOpens(t *testing.T) {
	h := newHouse(t)
	h.client("demo")
	h.beforeOrigins()
	h.plant(func(b *base, w writer) error {
		return w.Put(b.clients.full(key{}.str("broken")), []byte{recordVersion})
	})
	if h = h.reopened(t); !h.hasOrigin("https://app.example") {
		t.Error("the others have no origins")
	}
}

func TestOriginsFollowWhatTheirClientsAre(t *testing.T) {
	h := newHouse(t)
	c := h.client("demo")
	other := h.client("other")
	const origin = "https://app.example"
	has := func(when string, want bool) {
		t.Helper()
		if h.hasOrigin(origin) != want {
			t.Errorf("%s: %v", when, !want)
		}
		h.sound()
	}
	need(h.Clients.SetState(h.ctx, Operator, c.ID, ClientSuspended))(h)
	has("another client has it, too", true)
	h.ok(h.Clients.Delete(h.ctx, Operator, other.ID))
	has("suspended", false)
	need(h.Clients.SetState(h.ctx, Operator, c.ID, ClientApproved))(h)
	has("approved again", true)
	m := c.Metadata
	m.RedirectURIs = []string{"https://moved.example/cb"}
	need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h)
	has("moved", false)
	m.RedirectURIs = []string{"http://127.0.0.1/cb", "https://" + strings.Repeat("a", 2000) + "/cb"}
	m.ApplicationType = ApplicationNative
	need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h)
	if !h.hasOrigin("http://127.0.0.1:5173") || !h.hasOrigin("http://127.0.0.1") || h.hasOrigin("http://localhost:5173") {
		t.Error("a native client may use any port of its loopback address, and no other address")
	}
	h.sound()
}
