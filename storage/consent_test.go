package storage

import (
	"slices"
	"testing"
)

func (h *house) consent(u *User, c *Client) *Consent {
	h.t.Helper()
	return need(view(h.ctx, h.base, func(r reader) (*Consent, error) { return h.base.consents.get(r, consentKey(u.ID, c.UID)) }))(h)
}

// decide is a flow in which the user decided d.
func (h *house) decide(u *User, c *Client, v *Session, d ConsentChange) *Consent {
	h.t.Helper()
	n := h.newGrant(u, c, v, d.Scopes...)
	n.Consented = &d
	need(h.Grants.Create(h.ctx, n))(h)
	return h.consent(u, c)
}

func TestWideningConsentKeepsItsIDAndWhatItAllowed(t *testing.T) {
	h := newHouse(t)
	u, c := h.user("ada"), h.client("demo")
	v := h.signIn(u)
	first := h.decide(u, c, v, ConsentChange{Scopes: []string{"openid", "email"}, Claims: []string{"nickname"}})
	h.clock.add(day)
	second := h.decide(u, c, v, ConsentChange{Scopes: []string{"openid", "profile"}, Claims: []string{"gender", "nickname"}})
	if second.ID != first.ID || !second.Created.Equal(first.Created) || !second.Updated.After(first.Updated) ||
		!slices.Equal(second.Scopes, []string{"email", "openid", "profile"}) || !slices.Equal(second.Claims, []string{"gender", "nickname"}) {
		t.Errorf("%+v\n%+v", first, second)
	}
	need(h.Clients.Change(h.ctx, Operator, "demo", 0, webMetadata()))(h)
	if third := h.decide(u, c, v, ConsentChange{Scopes: []string{"openid"}}); third.Revision != 2 || first.Revision != 1 {
		t.Errorf("revisions %d, %d", first.Revision, third.Revision)
	}
}

func TestWhatWasDeclinedIsRememberedUntilItIsAllowed(t *testing.T) {
	h := newHouse(t)
	u, c := h.user("ada"), h.client("demo")
	v := h.signIn(u)
	first := h.decide(u, c, v, ConsentChange{Scopes: []string{"openid"}, Declined: []string{"phone", "email"}})
	if !slices.Equal(first.Declined, []string{"email", "phone"}) {
		t.Errorf("%+v", first)
	}
	second := h.decide(u, c, v, ConsentChange{Scopes: []string{"openid", "email"}, Declined: []string{"address"}})
	if !slices.Equal(second.Declined, []string{"address", "phone"}) {
		t.Errorf("%+v", second)
	}
	// A box that was ticked before is shown ticked: clearing it takes that back.
	if third := h.decide(u, c, v, ConsentChange{Scopes: []string{"openid"}, Declined: []string{"email"}}); slices.Contains(third.Scopes, "email") || !slices.Contains(third.Declined, "email") {
		t.Errorf("%+v", third)
	}
}

func TestConsentsOfAUserLeaveOutClientsThatAreGone(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.user("ada"), h.user("bob")
	v := h.signIn(ada)
	for _, id := range []string{"one", "two", "three"} {
		h.grant(ada, h.client(id), v, ScopeOpenID)
	}
	h.grant(bob, need(h.Clients.Get(h.ctx, "one"))(h), h.signIn(bob), ScopeOpenID)
	h.ok(h.Clients.Delete(h.ctx, Operator, "two"))
	h.ok(h.Clients.Delete(h.ctx, Operator, "three"))
	h.client("three") // another one under the same id
	allowed := need(h.Consents.OfUser(h.ctx, ada.ID, 10))(h)
	if len(allowed) != 1 || allowed[0].Client.ID != "one" || allowed[0].Consent.User != ada.ID {
		t.Errorf("%+v", allowed)
	}
}

func TestWithdrawingConsentConcernsOneUserAndOneClient(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.user("ada"), h.user("bob")
	one, two := h.client("one"), h.client("two")
	hers, his := h.signIn(ada), h.signIn(bob)
	gone, kept, bobs := h.grant(ada, one, hers, ScopeOpenID), h.grant(ada, two, hers, ScopeOpenID), h.grant(bob, one, his, ScopeOpenID)
	for _, g := range []*Grant{gone, kept, bobs} {
		h.redeem(g)
	}
	h.ok(h.Consents.Withdraw(h.ctx, ada.Actor(ViaPage, ""), ada.ID, "one"))
	if h.dead(gone) != DeadConsent || h.dead(kept) != "" || h.dead(bobs) != "" {
		t.Errorf("%q, %q, %q", h.dead(gone), h.dead(kept), h.dead(bobs))
	}
	wantErr(t, h.Consents.Withdraw(h.ctx, ada.Actor(ViaPage, ""), ada.ID, "one"), ErrNotFound)
	wantErr(t, h.Consents.Withdraw(h.ctx, ada.Actor(ViaPage, ""), ada.ID, "nobody"), ErrNotFound)
	if again := h.decide(ada, one, hers, ConsentChange{Scopes: []string{"openid"}}); again.ID == gone.Consent {
		t.Error("the consent has its old id again")
	}
	if h.dead(gone) != DeadConsent {
		t.Error("the old grant came back")
	}
	h.sound()
}
