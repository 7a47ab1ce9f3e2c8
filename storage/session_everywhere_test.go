package storage

import (
	"slices"
	"testing"
)

func TestSigningOutEverywhereEndsEverySessionOfThatUserAlone(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		ada, bob := h.user("ada"), h.user("bob")
		bobs := h.signIn(bob)
		var hers []*Session
		for range 2*endSlice + 3 {
			hers = append(hers, h.signIn(ada))
		}
		h.ok(h.Sessions.End(h.ctx, Operator, hers[5].ID))
		if n := need(h.Sessions.EndAll(h.ctx, ada.Actor(ViaPage, ""), ada.ID))(h); n != len(hers)-1 {
			t.Errorf("%d ended, want %d", n, len(hers)-1)
		}
		if slices.ContainsFunc(hers, h.live) || !h.live(bobs) {
			t.Error("a session of hers lives, or one of his does not")
		}
		if commits := h.commits(func() { need(h.Sessions.EndAll(h.ctx, Operator, ada.ID))(h) }); commits != 0 {
			t.Errorf("a second time: %d commits", commits)
		}
		if again := h.signIn(ada); !h.live(again) {
			t.Error("she cannot sign in again")
		}
		h.sound()
	})
}

func TestSigningOutEverywhereIsTheUsersOwnAndKeepsOfflineGrants(t *testing.T) {
	h := newHouse(t)
	f, bob := h.begun(true), h.user("bob")
	h.redeem(f.grant)
	online := h.grant(f.user, f.client, f.session, ScopeOpenID)
	h.redeem(online)
	_, err := h.Sessions.EndAll(h.ctx, bob.Actor(ViaPage, ""), f.user.ID)
	wantErr(t, err, ErrForbidden)
	if !h.live(f.session) {
		t.Fatal("another user ended it")
	}
	need(h.Sessions.EndAll(h.ctx, f.user.Actor(ViaPage, ""), f.user.ID))(h)
	if h.dead(online) != DeadSession || h.dead(f.grant) != "" {
		t.Errorf("online %q, offline %q", h.dead(online), h.dead(f.grant))
	}
}
