package apps_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestAFileOfBeforeGetsItsOriginsOnceItIsOpened(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		for i := range 2*store.FillSlice + 1 {
			m := storetest.WebMetadata()
			m.RedirectURIs = []string{fmt.Sprintf("https://app-%03d.example/cb", i), "https://shared.example/cb"}
			id := fmt.Sprintf("client-%03d", i)
			storetest.Need(h.Clients.Create(h.Ctx, storage.Operator,
				apps.NewClient{ID: id, Metadata: m, Secret: []byte("hash")}))(h)
		}
		storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, "client-007", apps.ClientSuspended))(h)
		n := h.Count(table.SpaceClientsByOrigin)
		h.BeforeOrigins()
		if h.HasOrigin("https://app-000.example") {
			t.Fatal("the file has the index")
		}
		// A backup of before is sound as it is.
		h.Store = storetest.Need(store.Inspect(h.Ctx, h.Engine))(h)
		h.Sound()
		*h = *h.Reopened(t)
		h.Sound()
		if got := h.Count(table.SpaceClientsByOrigin); got != n || n != 2*2*store.FillSlice {
			t.Errorf("%d entries, want %d", got, n)
		}
		for origin, want := range map[string]bool{"https://app-000.example": true, "https://app-200.example": true,
			"https://shared.example": true, "https://app-007.example": false, "https://app-00": false} {
			if h.HasOrigin(origin) != want {
				t.Errorf("%s: %v", origin, !want)
			}
		}
		if n := h.Commits(func() { h.Reopened(t) }); n != 0 {
			t.Errorf("%d commits to open it again", n)
		}
	})
}

func TestAFileOfBeforeWithADamagedClientOpens(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Client("demo")
	h.BeforeOrigins()
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		return w.Put(f.Apps.Clients.FullKey(table.Key{}.Str("broken")), []byte{table.RecordVersion})
	})
	if h = h.Reopened(t); !h.HasOrigin("https://app.example") {
		t.Error("the others have no origins")
	}
}

func TestOriginsFollowWhatTheirClientsAre(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("demo")
	other := h.Client("other")
	const origin = "https://app.example"
	has := func(when string, want bool) {
		t.Helper()
		if h.HasOrigin(origin) != want {
			t.Errorf("%s: %v", when, !want)
		}
		h.Sound()
	}
	storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, c.ID, apps.ClientSuspended))(h)
	has("another client has it, too", true)
	h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, other.ID))
	has("suspended", false)
	storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, c.ID, apps.ClientApproved))(h)
	has("approved again", true)
	m := c.Metadata
	m.RedirectURIs = []string{"https://moved.example/cb"}
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
	has("moved", false)
	m.RedirectURIs = []string{"http://127.0.0.1/cb", "https://" + strings.Repeat("a", 2000) + "/cb"}
	m.ApplicationType = apps.ApplicationNative
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
	if !h.HasOrigin("http://127.0.0.1:5173") || !h.HasOrigin("http://127.0.0.1") ||
		h.HasOrigin("http://localhost:5173") {
		t.Error("a native client may use any port of its loopback address, and no other address")
	}
	h.Sound()
}
