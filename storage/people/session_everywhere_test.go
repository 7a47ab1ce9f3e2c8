package people_test

import (
	"slices"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
)

func TestSigningOutEverywhereEndsEverySessionOfThatUserAlone(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		ada, bob := h.User("ada"), h.User("bob")
		bobs := h.SignIn(bob)
		var hers []*people.Session
		for range 2*people.EndSlice + 3 {
			hers = append(hers, h.SignIn(ada))
		}
		h.Ok(h.Sessions.End(h.Ctx, storage.Operator, hers[5].ID))
		if n := storetest.Need(h.Sessions.EndAll(h.Ctx, ada.Actor(storage.ViaPage, ""), ada.ID))(h); n != len(hers)-1 {
			t.Errorf("%d ended, want %d", n, len(hers)-1)
		}
		if slices.ContainsFunc(hers, h.Live) || !h.Live(bobs) {
			t.Error("a session of hers lives, or one of his does not")
		}
		if commits := h.Commits(func() {
			storetest.Need(h.Sessions.EndAll(h.Ctx, storage.Operator,
				ada.ID))(h)
		}); commits != 0 {
			t.Errorf("a second time: %d commits", commits)
		}
		if again := h.SignIn(ada); !h.Live(again) {
			t.Error("she cannot sign in again")
		}
		h.Sound()
	})
}

func TestSigningOutEverywhereIsTheUsersOwnAndKeepsOfflineGrants(t *testing.T) {
	h := storetest.NewHouse(t)
	f, bob := h.Begun(true), h.User("bob")
	h.Redeem(f.Grant)
	online := h.Grant(f.User, f.Client, f.Session, apps.ScopeOpenID)
	h.Redeem(online)
	_, err := h.Sessions.EndAll(h.Ctx, bob.Actor(storage.ViaPage, ""), f.User.ID)
	storetest.WantErr(t, err, storage.ErrForbidden)
	if !h.Live(f.Session) {
		t.Fatal("another user ended it")
	}
	storetest.Need(h.Sessions.EndAll(h.Ctx, f.User.Actor(storage.ViaPage, ""), f.User.ID))(h)
	if h.Dead(online) != apps.DeadSession || h.Dead(f.Grant) != "" {
		t.Errorf("online %q, offline %q", h.Dead(online), h.Dead(f.Grant))
	}
}
