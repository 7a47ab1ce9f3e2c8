package grants_test

import (
	"slices"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/store/storetest"
)

func TestWideningConsentKeepsItsIDAndWhatItAllowed(t *testing.T) {
	h := storetest.NewHouse(t)
	u, c := h.User("ada"), h.Client("demo")
	v := h.SignIn(u)
	first := h.Decide(u, c, v, grants.ConsentChange{Scopes: []string{"openid", "email"}, Claims: []string{"nickname"}})
	h.Clock.Add(storetest.Day)
	second := h.Decide(u, c, v, grants.ConsentChange{Scopes: []string{"openid", "profile"},
		Claims: []string{"gender", "nickname"}})
	if second.ID != first.ID || !second.Created.Equal(first.Created) || !second.Updated.After(first.Updated) ||
		!slices.Equal(second.Scopes, []string{"email", "openid", "profile"}) ||
		!slices.Equal(second.Claims, []string{"gender", "nickname"}) {
		t.Errorf("%+v\n%+v", first, second)
	}
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, storetest.WebMetadata()))(h)
	if third := h.Decide(u, c, v, grants.ConsentChange{Scopes: []string{"openid"}}); third.Revision != 2 ||
		first.Revision != 1 {
		t.Errorf("revisions %d, %d", first.Revision, third.Revision)
	}
}

func TestWhatWasDeclinedIsRememberedUntilItIsAllowed(t *testing.T) {
	h := storetest.NewHouse(t)
	u, c := h.User("ada"), h.Client("demo")
	v := h.SignIn(u)
	first := h.Decide(u, c, v, grants.ConsentChange{Scopes: []string{"openid"}, Declined: []string{"phone", "email"}})
	if !slices.Equal(first.Declined, []string{"email", "phone"}) {
		t.Errorf("%+v", first)
	}
	second := h.Decide(u, c, v, grants.ConsentChange{Scopes: []string{"openid", "email"},
		Declined: []string{"address"}})
	if !slices.Equal(second.Declined, []string{"address", "phone"}) {
		t.Errorf("%+v", second)
	}
	// A box that was ticked before is shown ticked: clearing it takes that back.
	if third := h.Decide(u, c, v, grants.ConsentChange{Scopes: []string{"openid"},
		Declined: []string{"email"}}); slices.Contains(third.Scopes, "email") ||
		!slices.Contains(third.Declined, "email") {
		t.Errorf("%+v", third)
	}
}

func TestConsentsOfAUserLeaveOutClientsThatAreGone(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, bob := h.User("ada"), h.User("bob")
	v := h.SignIn(ada)
	for _, id := range []string{"one", "two", "three"} {
		h.Grant(ada, h.Client(id), v, apps.ScopeOpenID)
	}
	h.Grant(bob, storetest.Need(h.Clients.Get(h.Ctx, "one"))(h), h.SignIn(bob), apps.ScopeOpenID)
	h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, "two"))
	h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, "three"))
	h.Client("three") // another one under the same id
	allowed := storetest.Need(h.Consents.OfUser(h.Ctx, ada.ID, 10))(h)
	if len(allowed) != 1 || allowed[0].Client.ID != "one" || allowed[0].Consent.User != ada.ID {
		t.Errorf("%+v", allowed)
	}
}

func TestWithdrawingConsentConcernsOneUserAndOneClient(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, bob := h.User("ada"), h.User("bob")
	one, two := h.Client("one"), h.Client("two")
	hers, his := h.SignIn(ada), h.SignIn(bob)
	gone, kept, bobs := h.Grant(ada, one, hers, apps.ScopeOpenID), h.Grant(ada, two, hers, apps.ScopeOpenID),
		h.Grant(bob, one, his, apps.ScopeOpenID)
	for _, g := range []*grants.Grant{gone, kept, bobs} {
		h.Redeem(g)
	}
	h.Ok(h.Consents.Withdraw(h.Ctx, ada.Actor(storage.ViaPage, ""), ada.ID, "one"))
	if h.Dead(gone) != apps.DeadConsent || h.Dead(kept) != "" || h.Dead(bobs) != "" {
		t.Errorf("%q, %q, %q", h.Dead(gone), h.Dead(kept), h.Dead(bobs))
	}
	storetest.WantErr(t, h.Consents.Withdraw(h.Ctx, ada.Actor(storage.ViaPage, ""), ada.ID, "one"), storage.ErrNotFound)
	storetest.WantErr(t, h.Consents.Withdraw(h.Ctx, ada.Actor(storage.ViaPage, ""), ada.ID, "nobody"),
		storage.ErrNotFound)
	if again := h.Decide(ada, one, hers, grants.ConsentChange{Scopes: []string{"openid"}}); again.ID == gone.Consent {
		t.Error("the consent has its old id again")
	}
	if h.Dead(gone) != apps.DeadConsent {
		t.Error("the old grant came back")
	}
	h.Sound()
}
