package storage

import (
	"path/filepath"
	"testing"
	"time"

	"latchkey/storage/bolt"
)

func (h *house) assertion(jti string, life time.Duration) Assertion {
	return Assertion{Hash: []byte("hash of " + jti), Expires: h.clock.Now().Add(life)}
}

func TestOfConcurrentPresentationsOfAnAssertionExactlyOneSucceeds(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		a := h.assertion("a", time.Minute)
		got := h.atOnce(50, func(int) string {
			fresh, err := h.Clients.UseAssertion(h.ctx, a)
			if fresh {
				return "fresh"
			}
			return outcome(err)
		})
		if got["fresh"] != 1 || got["done"] != 49 {
			t.Errorf("%v", got)
		}
		if other := need(h.Clients.UseAssertion(h.ctx, h.assertion("b", time.Minute)))(h); !other {
			t.Error("another one is taken for it")
		}
		h.sound()
	})
}

// Each operation that takes an assertion: what it answers to a used one, and to a
// fresh one when the rest is refused.
func TestAnAssertionIsUsedUpByARefusalAndCostsNoCommitOfItsOwn(t *testing.T) {
	for name, do := range map[string]func(*house, *Grant, Assertion) (refused string, good bool){
		"a wrong code": func(h *house, g *Grant, a Assertion) (string, bool) {
			p := redemption(g)
			p.CodeHash, p.Assertion = []byte("guess"), a
			out := need(h.Grants.Redeem(h.ctx, p))(h)
			return out.Refused, out.Refused == RefusedMismatch
		},
		"a code used before": func(h *house, g *Grant, a Assertion) (string, bool) {
			p := redemption(g)
			p.Assertion = a
			out := need(h.Grants.Redeem(h.ctx, p))(h)
			return out.Refused, out.Refused == RefusedReplay
		},
		"a refresh": func(h *house, g *Grant, a Assertion) (string, bool) {
			out := need(h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return out.Refused, out.Access != nil
		},
		"a refresh of a dead grant": func(h *house, g *Grant, a Assertion) (string, bool) {
			need(h.Users.Disable(h.ctx, Operator, g.User))(h)
			out := need(h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return out.Refused, out.Refused == DeadUser.Error()
		},
		"a refresh for too much": func(h *house, g *Grant, a Assertion) (string, bool) {
			out := need(h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, ClientUID: g.Client, Scopes: []string{"x"}, Assertion: a}))(h)
			return out.Refused, out.Scope == "x"
		},
		"a stolen refresh token": func(h *house, g *Grant, a Assertion) (string, bool) {
			h.refresh(g, 0)
			h.refresh(g, 1)
			out := need(h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return out.Refused, out.Refused == RefusedTheft
		},
		"a revocation": func(h *house, g *Grant, a Assertion) (string, bool) {
			refused := need(h.Grants.Revoke(h.ctx, Operator, Revocation{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h)
			return refused, refused == ""
		},
		"a revocation of another's": func(h *house, g *Grant, a Assertion) (string, bool) {
			refused := need(h.Grants.Revoke(h.ctx, Operator, Revocation{Grant: g.ID, ClientUID: ID{1}, Assertion: a}))(h)
			return refused, refused == RefusedForeign
		},
		"a revocation of a client's own": func(h *house, g *Grant, a Assertion) (string, bool) {
			fresh := need(h.Clients.RevokeToken(h.ctx, ClientToken{ClientID: "demo", Token: []byte("t")}, a))(h)
			return map[bool]string{false: RefusedAssertion}[fresh], fresh
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			g := h.refreshable()
			a := h.assertion("a", time.Minute)
			before := h.count(spaceAssertions)
			if refused, good := do(h, g, a); !good {
				t.Fatalf("the first time: %q", refused)
			}
			if h.count(spaceAssertions) != before+1 {
				t.Error("the assertion is not remembered")
			}
			for _, again := range []string{"at once", "later"} {
				if n := h.commits(func() {
					if fresh := need(h.Clients.UseAssertion(h.ctx, a))(h); fresh {
						t.Errorf("%s it is fresh again", again)
					}
				}); n != 0 {
					t.Errorf("%s: %d commits", again, n)
				}
				h.clock.add(30 * time.Second)
			}
			h.sound()
		})
	}
}

// Whoever has only a used assertion is not the client: above all, no grant dies by it.
func TestAUsedAssertionChangesNothing(t *testing.T) {
	h := newHouse(t)
	g := h.refreshable()
	h.refresh(g, 0)
	h.refresh(g, 1)
	a := h.assertion("a", time.Minute)
	need(h.Clients.UseAssertion(h.ctx, a))(h)
	p := redemption(g)
	p.Assertion = a
	own := ClientToken{ClientID: "demo", Epoch: need(h.Clients.Get(h.ctx, "demo"))(h).Epoch, Token: []byte("t"), Expires: h.clock.Now().Add(time.Hour)}
	if n := h.commits(func() {
		if out := need(h.Grants.Redeem(h.ctx, p))(h); out.Access != nil || out.Refused != RefusedAssertion {
			t.Errorf("code: %+v", out)
		}
		for generation := range uint32(3) {
			if out := need(h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, Generation: generation, ClientUID: g.Client, Assertion: a}))(h); out.Access != nil || out.Refused != RefusedAssertion {
				t.Errorf("refresh: %+v", out)
			}
		}
		if refused := need(h.Grants.Revoke(h.ctx, Operator, Revocation{Grant: g.ID, ClientUID: g.Client, Assertion: a}))(h); refused != RefusedAssertion {
			t.Errorf("revocation: %q", refused)
		}
		if need(h.Clients.RevokeToken(h.ctx, own, a))(h) {
			t.Error("revocation of a client's own token")
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
	if dead := h.dead(g); dead != "" {
		t.Errorf("the grant: %q", dead)
	}
	need(h.Clients.OfToken(h.ctx, own))(h)
}

func TestAUsedAssertionIsRememberedByTheNextProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	engine, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := houseOver(t, engine, Options{})
	a := h.assertion("a", time.Minute)
	need(h.Clients.UseAssertion(h.ctx, a))(h)
	h.ok(engine.Close())
	if engine, err = bolt.Open(path, bolt.Options{}); err != nil {
		t.Fatal(err)
	}
	if again := houseOver(t, engine, Options{}); need(again.Clients.UseAssertion(again.ctx, a))(again) {
		t.Error("forgotten")
	}
}

// One tick takes as many as there are: a busy client leaves one with each call.
func TestUsedAssertionsAreForgottenAnHourAfterTheirEnd(t *testing.T) {
	h := newHouse(t)
	const many = 2*sweepSlice + 10
	h.plant(func(b *base, w writer) error {
		for i := range many {
			if _, err := b.useAssertion(w, Assertion{Hash: []byte{byte(i), byte(i >> 8)}, Expires: h.clock.Now().Add(time.Hour)}); err != nil {
				return err
			}
		}
		_, err := b.useAssertion(w, h.assertion("longer", 2*time.Hour))
		return err
	})
	s, pass := h.sweeper()
	pass(2 * time.Hour)
	if h.tick(s); h.count(spaceAssertions) != many+1 {
		t.Error("forgotten early")
	}
	pass(2 * time.Second)
	if h.tick(s); h.count(spaceAssertions) != 1 {
		t.Errorf("%d are left", h.count(spaceAssertions))
	}
}
