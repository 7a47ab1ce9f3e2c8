package storage

import (
	"slices"
	"testing"
	"time"

	"latchkey/storage/memory"
)

func TestAFlowLeadsToOneCode(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		u, c := h.user("ada"), h.client("demo")
		v := h.signIn(u)
		n := h.newGrant(u, c, v, ScopeOpenID)
		got := h.atOnce(50, func(int) string {
			_, err := h.Grants.Create(h.ctx, n)
			return outcome(err)
		})
		if got["done"] != 1 || got[ErrFinished.Error()] != 49 {
			t.Errorf("%v", got)
		}
		if st := need(h.Grants.Standing(h.ctx, n.Grant.ID, "demo", nil, nil))(h); !st.Finished {
			t.Error("the flow does not show as finished")
		}
		h.sound()
	})
}

func TestCreateFillsInWhatTheGrantHangsOn(t *testing.T) {
	h := newHouse(t)
	f := h.redeemed()
	n := h.newGrant(f.user, f.client, f.session, ScopeOpenID)
	n.Grant.UserEpoch, n.Grant.ClientEpoch, n.Grant.Client = 77, 77, ID{7}
	n.Grant.AuthTime, n.Grant.ACR, n.Grant.AMR = time.Time{}, "invented", []string{"invented"}
	n.Grant.Created, n.Grant.Expires, n.Grant.CodeExpires = time.Time{}, h.clock.Now().Add(time.Hour*9999), h.clock.Now().Add(time.Hour*9999)
	g := need(h.Grants.Create(h.ctx, n))(h)
	now := h.clock.Now().Truncate(time.Second)
	if g.Client != f.client.UID || g.UserEpoch != f.user.Epoch || g.ClientEpoch != f.client.Epoch || g.Consent != f.grant.Consent ||
		!g.AuthTime.Equal(f.session.AuthTime) || g.ACR != "urn:x" || !slices.Equal(g.AMR, []string{"pwd"}) ||
		!g.Created.Equal(now) || !g.CodeExpires.Equal(now.Add(time.Minute)) || !g.Expires.Equal(now.Add(time.Hour+time.Minute)) {
		t.Errorf("%+v", g)
	}
	if out := h.redeem(g); out.Access == nil {
		t.Error(out.Refused)
	}
	for _, broken := range []func(*Grant){func(g *Grant) { g.ID = ID{} }, func(g *Grant) { g.CodeHash = nil }} {
		n := h.newGrant(f.user, f.client, f.session, ScopeOpenID)
		broken(&n.Grant)
		_, err := h.Grants.Create(h.ctx, n)
		wantErr(t, err, errGrant)
	}
}

// Whatever a flow was decided upon and that changed between Standing and Create
// makes the decision stale, be it with a page's consent or a remembered one.
func TestADecisionOnWhatHasChangedIsStale(t *testing.T) {
	changes := map[string]func(*house, redeemed){
		"user disabled":        func(h *house, f redeemed) { need(h.Users.Disable(h.ctx, Operator, f.user.ID))(h) },
		"user deleted":         func(h *house, f redeemed) { h.ok(h.Users.Delete(h.ctx, Operator, f.user.ID)) },
		"password set":         func(h *house, f redeemed) { need(h.Users.SetPassword(h.ctx, Operator, f.user.ID, []byte("x")))(h) },
		"session ended":        func(h *house, f redeemed) { h.ok(h.Sessions.End(h.ctx, Operator, f.session.ID)) },
		"session idle":         func(h *house, _ redeemed) { h.clock.add(8 * day) },
		"session past its end": func(h *house, _ redeemed) { h.clock.add(31 * day) },
		"client suspended": func(h *house, f redeemed) {
			need(h.Clients.SetState(h.ctx, Operator, f.client.ID, ClientSuspended))(h)
		},
		"client suspended and approved": func(h *house, f redeemed) {
			need(h.Clients.SetState(h.ctx, Operator, f.client.ID, ClientSuspended))(h)
			need(h.Clients.SetState(h.ctx, Operator, f.client.ID, ClientApproved))(h)
		},
		"client changed": func(h *house, f redeemed) { need(h.Clients.Change(h.ctx, Operator, f.client.ID, 0, webMetadata()))(h) },
		"client deleted": func(h *house, f redeemed) { h.ok(h.Clients.Delete(h.ctx, Operator, f.client.ID)) },
		"client added again": func(h *house, f redeemed) {
			h.ok(h.Clients.Delete(h.ctx, Operator, f.client.ID))
			h.client(f.client.ID)
		},
		"consent withdrawn": func(h *house, f redeemed) { h.ok(h.Consents.Withdraw(h.ctx, Operator, f.user.ID, f.client.ID)) },
		"consent withdrawn and given again": func(h *house, f redeemed) {
			h.ok(h.Consents.Withdraw(h.ctx, Operator, f.user.ID, f.client.ID))
			h.grant(f.user, f.client, f.session, ScopeOpenID)
		},
	}
	for name, change := range changes {
		for _, remembered := range []bool{true, false} {
			h := newHouse(t)
			f := h.redeemed(ScopeOpenID)
			n := h.newGrant(f.user, f.client, f.session, ScopeOpenID)
			if remembered {
				n.Consented = nil
			}
			change(h, f)
			before, consents := h.count(spaceGrants), h.count(spaceConsents)
			if _, err := h.Grants.Create(h.ctx, n); err != ErrStale {
				t.Errorf("%s, remembered %v: %v", name, remembered, err)
			}
			if h.count(spaceGrants) != before || h.count(spaceConsents) != consents {
				t.Errorf("%s: a refusal wrote", name)
			}
		}
	}
}

func TestWithoutAnyConsentThereIsNoGrant(t *testing.T) {
	h := newHouse(t)
	u, c := h.user("ada"), h.client("demo")
	n := h.newGrant(u, c, h.signIn(u), ScopeOpenID)
	n.Consented = nil
	_, err := h.Grants.Create(h.ctx, n)
	wantErr(t, err, ErrStale)
}

func TestASessionOfSomebodyElseMakesNoGrant(t *testing.T) {
	h := newHouse(t)
	ada, bob, c := h.user("ada"), h.user("bob"), h.client("demo")
	n := h.newGrant(ada, c, h.signIn(bob), ScopeOpenID)
	_, err := h.Grants.Create(h.ctx, n)
	wantErr(t, err, ErrStale)
}

func TestACodeFlowOnRememberedConsentCostsTwoCommitsAndUseNone(t *testing.T) {
	h := houseOver(t, memory.New(memory.Options{}), Options{})
	f := h.redeemed(ScopeOpenID)
	n := h.newGrant(f.user, f.client, f.session, ScopeOpenID)
	n.Consented = nil
	if n := h.commits(func() { h.redeem(need(h.Grants.Create(h.ctx, n))(h)) }); n != 2 {
		t.Errorf("%d commits", n)
	}
	if n := h.commits(func() { h.dead(f.grant) }); n != 0 {
		t.Errorf("%d commits to use a grant", n)
	}
}

func TestStandingShowsWhatARequestIsEvaluatedAgainst(t *testing.T) {
	h := newHouse(t)
	f := h.redeemed(ScopeOpenID)
	bob := h.user("bob")
	his := h.signIn(bob)
	h.ok(h.Memberships.Set(h.ctx, Operator, Membership{User: bob.ID, IsPatron: true}))
	ended := h.signIn(bob)
	h.ok(h.Sessions.End(h.ctx, Operator, ended.ID))
	st := need(h.Grants.Standing(h.ctx, h.Grants.NewID(), "demo", []string{ScopeEmail, "unheard-of"}, []ID{his.ID, ended.ID, f.session.ID}))(h)
	if st.Client.ID != "demo" || st.Finished || len(st.Accounts) != 2 || len(st.Scopes) != 1 || st.Scopes[ScopeEmail] == nil || st.Settings == nil {
		t.Fatalf("%+v", st)
	}
	first, second := st.Accounts[0], st.Accounts[1]
	if first.User.ID != bob.ID || first.Consent != nil || first.Membership == nil ||
		second.User.ID != f.user.ID || second.Consent == nil || second.Membership != nil {
		t.Errorf("%+v\n%+v", first, second)
	}
	if st := need(h.Grants.Standing(h.ctx, ID{}, "nobody", nil, []ID{his.ID}))(h); st.Client != nil || len(st.Accounts) != 0 {
		t.Errorf("%+v", st)
	}
}
