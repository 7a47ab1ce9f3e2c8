package grants_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/grants"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestARefreshableGrantIsSweptWhenItsTokenWentUnusedAndNotBefore(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		g := h.Refreshable()
		s, pass := h.Sweeper()
		for generation := range uint32(4) {
			pass(29 * storetest.Day)
			h.Pass(s)
			if out := h.Refresh(g, generation); out.Access == nil || out.Generation != generation+1 {
				t.Fatalf("generation %d: %+v", generation, out)
			}
		}
		pass(30*storetest.Day + time.Hour + storetest.Day - time.Second)
		h.Pass(s)
		if h.Count(table.SpaceGrants) != 1 {
			t.Error("swept before its last access token has been over for a day")
		}
		pass(time.Second)
		h.Pass(s)
		if h.Count(table.SpaceGrants) != 0 || h.Count(table.SpaceGrantStates) != 0 {
			t.Error("never swept")
		}
		h.Sound()
	})
}

func TestTheftIsKeptInTheTrailAndInTheGrant(t *testing.T) {
	h := storetest.NewHouse(t)
	g := h.Refreshable()
	h.Refresh(g, 0)
	h.Refresh(g, 1)
	if out := h.Refresh(g, 0); out.Access != nil || out.Refused != grants.RefusedTheft {
		t.Errorf("%+v", out)
	}
	if acts := h.Acts(); !slices.Contains(acts, audit.ActGrantTheft) {
		t.Errorf("the trail says %v", acts)
	}
	if h.Dead(g) != apps.DeadRevoked {
		t.Error("the grant lives on")
	}
}

func TestADeniedTokenIsForgottenADayAfterItsEnd(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("robot")
	token := apps.ClientToken{ClientID: c.ID, Epoch: c.Epoch,
		Expires: h.Clock.Now().Add(time.Hour).Truncate(time.Second), Token: []byte("id")}
	storetest.Need(h.Clients.OfToken(h.Ctx, token))(h)
	storetest.Need(h.Clients.RevokeToken(h.Ctx, token, apps.Assertion{}))(h)
	if _, err := h.Clients.OfToken(h.Ctx, token); err != apps.DeadToken {
		t.Errorf("revoked: %v", err)
	}
	s, pass := h.Sweeper()
	pass(25 * time.Hour)
	h.Pass(s)
	if h.Count(table.SpaceDenied) != 1 {
		t.Error("forgotten early")
	}
	pass(2 * time.Second)
	h.Pass(s)
	if h.Count(table.SpaceDenied) != 0 {
		t.Error("never forgotten")
	}
}
