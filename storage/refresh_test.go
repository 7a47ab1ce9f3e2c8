package storage

import (
	"slices"
	"testing"
	"time"
)

// refreshable is a redeemed offline grant with refresh tokens.
func (h *house) refreshable() *Grant {
	h.t.Helper()
	u, c := h.user("ada"), h.client("demo")
	n := h.newGrant(u, c, h.signIn(u), ScopeOpenID, ScopeOfflineAccess)
	n.Grant.Offline, n.Grant.RefreshSecret = true, []byte("secret")
	g := need(h.Grants.Create(h.ctx, n))(h)
	h.redeem(g)
	return g
}

func (h *house) refresh(g *Grant, generation uint32) Refreshed {
	h.t.Helper()
	return need(h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, Generation: generation, ClientUID: g.Client}))(h)
}

func TestARefreshableGrantIsSweptWhenItsTokenWentUnusedAndNotBefore(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		g := h.refreshable()
		s, pass := h.sweeper()
		for generation := range uint32(4) {
			pass(29 * day)
			h.pass(s)
			if out := h.refresh(g, generation); out.Access == nil || out.Generation != generation+1 {
				t.Fatalf("generation %d: %+v", generation, out)
			}
		}
		pass(30*day + time.Hour + day - time.Second)
		h.pass(s)
		if h.count(spaceGrants) != 1 {
			t.Error("swept before its last access token has been over for a day")
		}
		pass(time.Second)
		h.pass(s)
		if h.count(spaceGrants) != 0 || h.count(spaceGrantStates) != 0 {
			t.Error("never swept")
		}
		h.sound()
	})
}

func TestTheftIsKeptInTheTrailAndInTheGrant(t *testing.T) {
	h := newHouse(t)
	g := h.refreshable()
	h.refresh(g, 0)
	h.refresh(g, 1)
	if out := h.refresh(g, 0); out.Access != nil || out.Refused != RefusedTheft {
		t.Errorf("%+v", out)
	}
	if acts := h.acts(); !slices.Contains(acts, ActGrantTheft) {
		t.Errorf("the trail says %v", acts)
	}
	if h.dead(g) != DeadRevoked {
		t.Error("the grant lives on")
	}
}

func TestADeniedTokenIsForgottenADayAfterItsEnd(t *testing.T) {
	h := newHouse(t)
	c := h.client("robot")
	token := ClientToken{ClientID: c.ID, Epoch: c.Epoch, Expires: h.clock.Now().Add(time.Hour).Truncate(time.Second), Token: []byte("id")}
	need(h.Clients.OfToken(h.ctx, token))(h)
	need(h.Clients.RevokeToken(h.ctx, token, Assertion{}))(h)
	if _, err := h.Clients.OfToken(h.ctx, token); err != DeadToken {
		t.Errorf("revoked: %v", err)
	}
	s, pass := h.sweeper()
	pass(25 * time.Hour)
	h.pass(s)
	if h.count(spaceDenied) != 1 {
		t.Error("forgotten early")
	}
	pass(2 * time.Second)
	h.pass(s)
	if h.count(spaceDenied) != 0 {
		t.Error("never forgotten")
	}
}
