package apps_test

import (
	"path/filepath"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
	"latchkey/storage/grants"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestOfConcurrentPresentationsOfAnAssertionExactlyOneSucceeds(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		a := h.Assertion("a", time.Minute)
		got := h.AtOnce(50, func(int) string {
			fresh, err := h.Clients.UseAssertion(h.Ctx, a)
			if fresh {
				return "fresh"
			}
			return storetest.Outcome(err)
		})
		if got["fresh"] != 1 || got["done"] != 49 {
			t.Errorf("%v", got)
		}
		if other := storetest.Need(h.Clients.UseAssertion(h.Ctx, h.Assertion("b", time.Minute)))(h); !other {
			t.Error("another one is taken for it")
		}
		h.Sound()
	})
}

// Each operation that takes an assertion: what it answers to a used one, and to a
// fresh one when the rest is refused.
func TestAnAssertionIsUsedUpByARefusalAndCostsNoCommitOfItsOwn(t *testing.T) {
	for name, do := range map[string]func(*storetest.House, *grants.Grant, apps.Assertion) (refused string, good bool){
		"a wrong code": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			p := storetest.Redemption(g)
			p.CodeHash, p.Assertion = []byte("guess"), a
			out := storetest.Need(h.Grants.Redeem(h.Ctx, p))(h)
			return out.Refused, out.Refused == grants.RefusedMismatch
		},
		"a code used before": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			p := storetest.Redemption(g)
			p.Assertion = a
			out := storetest.Need(h.Grants.Redeem(h.Ctx, p))(h)
			return out.Refused, out.Refused == grants.RefusedReplay
		},
		"a refresh": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			out := storetest.Need(h.Grants.Refresh(h.Ctx,
				grants.Refresh{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return out.Refused, out.Access != nil
		},
		"a refresh of a dead grant": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, g.User))(h)
			out := storetest.Need(h.Grants.Refresh(h.Ctx,
				grants.Refresh{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return out.Refused, out.Refused == apps.DeadUser.Error()
		},
		"a refresh for too much": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			out := storetest.Need(h.Grants.Refresh(h.Ctx,
				grants.Refresh{Grant: g.ID, ClientUID: g.Client, Scopes: []string{"x"}, Assertion: a}))(h)
			return out.Refused, out.Scope == "x"
		},
		"a stolen refresh token": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			h.Refresh(g, 0)
			h.Refresh(g, 1)
			out := storetest.Need(h.Grants.Refresh(h.Ctx,
				grants.Refresh{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return out.Refused, out.Refused == grants.RefusedTheft
		},
		"a revocation": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			refused := storetest.Need(h.Grants.Revoke(h.Ctx, storage.Operator,
				grants.Revocation{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return refused, refused == ""
		},
		"a revocation of another's": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			refused := storetest.Need(h.Grants.Revoke(h.Ctx, storage.Operator,
				grants.Revocation{Grant: g.ID, ClientUID: storage.ID{1}, Assertion: a}))(h)
			return refused, refused == grants.RefusedForeign
		},
		"a revocation of a client's own": func(h *storetest.House, g *grants.Grant, a apps.Assertion) (string, bool) {
			fresh := storetest.Need(h.Clients.RevokeToken(h.Ctx,
				apps.ClientToken{ClientID: "demo", Token: []byte("t")}, a))(h)
			return map[bool]string{false: apps.RefusedAssertion}[fresh], fresh
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			g := h.Refreshable()
			a := h.Assertion("a", time.Minute)
			before := h.Count(table.SpaceAssertions)
			if refused, good := do(h, g, a); !good {
				t.Fatalf("the first time: %q", refused)
			}
			if h.Count(table.SpaceAssertions) != before+1 {
				t.Error("the assertion is not remembered")
			}
			for _, again := range []string{"at once", "later"} {
				if n := h.Commits(func() {
					if fresh := storetest.Need(h.Clients.UseAssertion(h.Ctx, a))(h); fresh {
						t.Errorf("%s it is fresh again", again)
					}
				}); n != 0 {
					t.Errorf("%s: %d commits", again, n)
				}
				h.Clock.Add(30 * time.Second)
			}
			h.Sound()
		})
	}
}

// Whoever has only a used assertion is not the client: above all, no grant dies by it.
func TestAUsedAssertionChangesNothing(t *testing.T) {
	h := storetest.NewHouse(t)
	g := h.Refreshable()
	h.Refresh(g, 0)
	h.Refresh(g, 1)
	a := h.Assertion("a", time.Minute)
	storetest.Need(h.Clients.UseAssertion(h.Ctx, a))(h)
	p := storetest.Redemption(g)
	p.Assertion = a
	own := apps.ClientToken{ClientID: "demo", Epoch: storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h).Epoch,
		Token: []byte("t"), Expires: h.Clock.Now().Add(time.Hour)}
	if n := h.Commits(func() {
		if out := storetest.Need(h.Grants.Redeem(h.Ctx, p))(h); out.Access != nil ||
			out.Refused != apps.RefusedAssertion {
			t.Errorf("code: %+v", out)
		}
		for generation := range uint32(3) {
			if out := storetest.Need(h.Grants.Refresh(h.Ctx,
				grants.Refresh{Grant: g.ID, Generation: generation, ClientUID: g.Client,
					Assertion: a}))(h); out.Access != nil || out.Refused != apps.RefusedAssertion {
				t.Errorf("refresh: %+v", out)
			}
		}
		if refused := storetest.Need(h.Grants.Revoke(h.Ctx, storage.Operator,
			grants.Revocation{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h); refused != apps.RefusedAssertion {
			t.Errorf("revocation: %q", refused)
		}
		if storetest.Need(h.Clients.RevokeToken(h.Ctx, own, a))(h) {
			t.Error("revocation of a client's own token")
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
	if dead := h.Dead(g); dead != "" {
		t.Errorf("the grant: %q", dead)
	}
	storetest.Need(h.Clients.OfToken(h.Ctx, own))(h)
}

func TestAUsedAssertionIsRememberedByTheNextProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	engine, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := storetest.HouseOver(t, engine, store.Options{})
	a := h.Assertion("a", time.Minute)
	storetest.Need(h.Clients.UseAssertion(h.Ctx, a))(h)
	h.Ok(engine.Close())
	if engine, err = bolt.Open(path, bolt.Options{}); err != nil {
		t.Fatal(err)
	}
	if again := storetest.HouseOver(t, engine,
		store.Options{}); storetest.Need(again.Clients.UseAssertion(again.Ctx, a))(again) {
		t.Error("forgotten")
	}
}

// One tick takes as many as there are: a busy client leaves one with each call.
func TestUsedAssertionsAreForgottenAnHourAfterTheirEnd(t *testing.T) {
	h := storetest.NewHouse(t)
	const many = 2*table.SweepSlice + 10
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		for i := range many {
			if _, err := f.Apps.UseAssertion(w,
				apps.Assertion{Hash: []byte{byte(i), byte(i >> 8)},
					Expires: h.Clock.Now().Add(time.Hour)}); err != nil {
				return err
			}
		}
		_, err := f.Apps.UseAssertion(w, h.Assertion("longer", 2*time.Hour))
		return err
	})
	s, pass := h.Sweeper()
	pass(2 * time.Hour)
	if h.Tick(s); h.Count(table.SpaceAssertions) != many+1 {
		t.Error("forgotten early")
	}
	pass(2 * time.Second)
	if h.Tick(s); h.Count(table.SpaceAssertions) != 1 {
		t.Errorf("%d are left", h.Count(table.SpaceAssertions))
	}
}
