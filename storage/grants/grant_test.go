package grants_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestAFlowLeadsToOneCode(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		u, c := h.User("ada"), h.Client("demo")
		v := h.SignIn(u)
		n := h.NewGrant(u, c, v, apps.ScopeOpenID)
		got := h.AtOnce(50, func(int) string {
			_, err := h.Grants.Create(h.Ctx, n)
			return storetest.Outcome(err)
		})
		if got["done"] != 1 || got[storage.ErrFinished.Error()] != 49 {
			t.Errorf("%v", got)
		}
		if st := storetest.Need(h.Grants.Standing(h.Ctx, n.Grant.ID, "demo", nil, nil))(h); !st.Finished {
			t.Error("the flow does not show as finished")
		}
		h.Sound()
	})
}

func TestCreateFillsInWhatTheGrantHangsOn(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Redeemed()
	n := h.NewGrant(f.User, f.Client, f.Session, apps.ScopeOpenID)
	n.Grant.UserEpoch, n.Grant.ClientEpoch, n.Grant.Client = 77, 77, storage.ID{7}
	n.Grant.AuthTime, n.Grant.ACR, n.Grant.AMR = time.Time{}, "invented", []string{"invented"}
	n.Grant.Created, n.Grant.Expires, n.Grant.CodeExpires = time.Time{}, h.Clock.Now().Add(time.Hour*9999),
		h.Clock.Now().Add(time.Hour*9999)
	g := storetest.Need(h.Grants.Create(h.Ctx, n))(h)
	now := h.Clock.Now().Truncate(time.Second)
	if g.Client != f.Client.UID || g.UserEpoch != f.User.Epoch || g.ClientEpoch != f.Client.Epoch ||
		g.Consent != f.Grant.Consent ||
		!g.AuthTime.Equal(f.Session.AuthTime) || g.ACR != "urn:x" || !slices.Equal(g.AMR, []string{"pwd"}) ||
		!g.Created.Equal(now) || !g.CodeExpires.Equal(now.Add(time.Minute)) ||
		!g.Expires.Equal(now.Add(time.Hour+time.Minute)) {
		t.Errorf("%+v", g)
	}
	if out := h.Redeem(g); out.Access == nil {
		t.Error(out.Refused)
	}
	for _, broken := range []func(*grants.Grant){func(g *grants.Grant) { g.ID = storage.ID{} },
		func(g *grants.Grant) { g.CodeHash = nil }} {
		n := h.NewGrant(f.User, f.Client, f.Session, apps.ScopeOpenID)
		broken(&n.Grant)
		_, err := h.Grants.Create(h.Ctx, n)
		storetest.WantErr(t, err, grants.ErrGrant)
	}
}

// Whatever a flow was decided upon and that changed between Standing and Create
// makes the decision stale, be it with a page's consent or a remembered one.
func TestADecisionOnWhatHasChangedIsStale(t *testing.T) {
	changes := map[string]func(*storetest.House, storetest.Redeemed){
		"user disabled": func(h *storetest.House, f storetest.Redeemed) {
			storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, f.User.ID))(h)
		},
		"user deleted": func(h *storetest.House, f storetest.Redeemed) {
			h.Ok(h.Users.Delete(h.Ctx, storage.Operator, f.User.ID))
		},
		"password set": func(h *storetest.House, f storetest.Redeemed) {
			storetest.Need(h.Users.SetPassword(h.Ctx, storage.Operator, f.User.ID, []byte("x")))(h)
		},
		"session ended": func(h *storetest.House, f storetest.Redeemed) {
			h.Ok(h.Sessions.End(h.Ctx, storage.Operator, f.Session.ID))
		},
		"session idle":         func(h *storetest.House, _ storetest.Redeemed) { h.Clock.Add(8 * storetest.Day) },
		"session past its end": func(h *storetest.House, _ storetest.Redeemed) { h.Clock.Add(31 * storetest.Day) },
		"client suspended": func(h *storetest.House, f storetest.Redeemed) {
			storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, f.Client.ID, apps.ClientSuspended))(h)
		},
		"client suspended and approved": func(h *storetest.House, f storetest.Redeemed) {
			storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, f.Client.ID, apps.ClientSuspended))(h)
			storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, f.Client.ID, apps.ClientApproved))(h)
		},
		"client changed": func(h *storetest.House, f storetest.Redeemed) {
			storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, f.Client.ID, 0, storetest.WebMetadata()))(h)
		},
		"client deleted": func(h *storetest.House, f storetest.Redeemed) {
			h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, f.Client.ID))
		},
		"client added again": func(h *storetest.House, f storetest.Redeemed) {
			h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, f.Client.ID))
			h.Client(f.Client.ID)
		},
		"consent withdrawn": func(h *storetest.House, f storetest.Redeemed) {
			h.Ok(h.Consents.Withdraw(h.Ctx, storage.Operator, f.User.ID, f.Client.ID))
		},
		"consent withdrawn and given again": func(h *storetest.House, f storetest.Redeemed) {
			h.Ok(h.Consents.Withdraw(h.Ctx, storage.Operator, f.User.ID, f.Client.ID))
			h.Grant(f.User, f.Client, f.Session, apps.ScopeOpenID)
		},
	}
	for name, change := range changes {
		for _, remembered := range []bool{true, false} {
			h := storetest.NewHouse(t)
			f := h.Redeemed(apps.ScopeOpenID)
			n := h.NewGrant(f.User, f.Client, f.Session, apps.ScopeOpenID)
			if remembered {
				n.Consented = nil
			}
			change(h, f)
			before, consents := h.Count(table.SpaceGrants), h.Count(table.SpaceConsents)
			if _, err := h.Grants.Create(h.Ctx, n); err != storage.ErrStale {
				t.Errorf("%s, remembered %v: %v", name, remembered, err)
			}
			if h.Count(table.SpaceGrants) != before || h.Count(table.SpaceConsents) != consents {
				t.Errorf("%s: a refusal wrote", name)
			}
		}
	}
}

func TestWithoutAnyConsentThereIsNoGrant(t *testing.T) {
	h := storetest.NewHouse(t)
	u, c := h.User("ada"), h.Client("demo")
	n := h.NewGrant(u, c, h.SignIn(u), apps.ScopeOpenID)
	n.Consented = nil
	_, err := h.Grants.Create(h.Ctx, n)
	storetest.WantErr(t, err, storage.ErrStale)
}

func TestASessionOfSomebodyElseMakesNoGrant(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, bob, c := h.User("ada"), h.User("bob"), h.Client("demo")
	n := h.NewGrant(ada, c, h.SignIn(bob), apps.ScopeOpenID)
	_, err := h.Grants.Create(h.Ctx, n)
	storetest.WantErr(t, err, storage.ErrStale)
}

func TestACodeFlowOnRememberedConsentCostsTwoCommitsAndUseNone(t *testing.T) {
	h := storetest.HouseOver(t, memory.New(memory.Options{}), store.Options{})
	f := h.Redeemed(apps.ScopeOpenID)
	n := h.NewGrant(f.User, f.Client, f.Session, apps.ScopeOpenID)
	n.Consented = nil
	if n := h.Commits(func() { h.Redeem(storetest.Need(h.Grants.Create(h.Ctx, n))(h)) }); n != 2 {
		t.Errorf("%d commits", n)
	}
	if n := h.Commits(func() { h.Dead(f.Grant) }); n != 0 {
		t.Errorf("%d commits to use a grant", n)
	}
}

func TestStandingShowsWhatARequestIsEvaluatedAgainst(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Redeemed(apps.ScopeOpenID)
	bob := h.User("bob")
	his := h.SignIn(bob)
	h.Ok(h.Memberships.Set(h.Ctx, storage.Operator, people.Membership{User: bob.ID, IsPatron: true}))
	ended := h.SignIn(bob)
	h.Ok(h.Sessions.End(h.Ctx, storage.Operator, ended.ID))
	st := storetest.Need(h.Grants.Standing(h.Ctx, h.Grants.NewID(), "demo", []string{apps.ScopeEmail, "unheard-of"},
		[]storage.ID{his.ID, ended.ID, f.Session.ID}))(h)
	if st.Client.ID != "demo" || st.Finished || len(st.Accounts) != 2 || len(st.Scopes) != 1 ||
		st.Scopes[apps.ScopeEmail] == nil || st.Settings == nil {
		t.Fatalf("%+v", st)
	}
	first, second := st.Accounts[0], st.Accounts[1]
	if first.User.ID != bob.ID || first.Consent != nil || first.Membership == nil ||
		second.User.ID != f.User.ID || second.Consent == nil || second.Membership != nil {
		t.Errorf("%+v\n%+v", first, second)
	}
	if st := storetest.Need(h.Grants.Standing(h.Ctx, storage.ID{}, "nobody", nil,
		[]storage.ID{his.ID}))(h); st.Client != nil || len(st.Accounts) != 0 {
		t.Errorf("%+v", st)
	}
}
