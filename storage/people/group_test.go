package people_test

import (
	"fmt"
	"slices"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
)

func TestAGroupHasOneNameInAllItsSpellings(t *testing.T) {
	h := storetest.NewHouse(t)
	g := h.Group("Event Crew")
	for _, name := range []string{"Event Crew", "event crew", "EVENT CREW", "Event Crew", g.ID.String()} {
		if have := storetest.Need(h.Groups.Find(h.Ctx, name))(h); have.ID != g.ID {
			t.Errorf("%q finds %v", name, have)
		}
	}
	_, err := h.Groups.Create(h.Ctx, storage.Operator, "EVENT crew", "")
	storetest.WantTaken(t, err, "name")
	for _, name := range []string{"", " x", "x ", "a\nb", "a\u202eb", g.ID.String(), string(make([]byte, 101))} {
		_, err := h.Groups.Create(h.Ctx, storage.Operator, name, "")
		storetest.WantInvalid(t, err, "name")
	}
	other := h.Group("Staff")
	_, err = h.Groups.Change(h.Ctx, storage.Operator, other.ID, people.GroupChange{Name: storetest.Ptr("event CREW")})
	storetest.WantTaken(t, err, "name")
	storetest.Need(h.Groups.Change(h.Ctx, storage.Operator, g.ID,
		people.GroupChange{Name: storetest.Ptr("EVENT Crew")}))(h) // its own
	_, err = h.Groups.Find(h.Ctx, "nobody")
	storetest.WantErr(t, err, storage.ErrNotFound)
	h.Sound()
}

func TestMembersJoinAndLeaveAndKeepTheGroupThroughItsRenaming(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		ada, crew, staff := h.User("ada"), h.Group("crew"), h.Group("staff")
		h.User("bob")
		for range 2 { // joining twice is joining once
			h.Ok(h.Groups.Join(h.Ctx, storage.Operator, staff.ID, ada.ID))
			h.Ok(h.Groups.Join(h.Ctx, storage.Operator, crew.ID, ada.ID))
		}
		storetest.Need(h.Groups.Change(h.Ctx, storage.Operator, crew.ID,
			people.GroupChange{Name: storetest.Ptr("team"), Description: storetest.Ptr("who does it")}))(h)
		if got := h.GroupsOf(ada); !slices.Equal(got, []string{"staff", "team"}) {
			t.Errorf("groups %q", got)
		}
		members, next, err := h.Groups.Members(h.Ctx, crew.ID, nil, 10)
		if h.Ok(err); len(members) != 1 || members[0].ID != ada.ID || next != nil {
			t.Errorf("members %v", members)
		}
		h.Ok(h.Groups.Leave(h.Ctx, storage.Operator, staff.ID, ada.ID))
		h.Ok(h.Groups.Delete(h.Ctx, storage.Operator, crew.ID))
		if got := h.GroupsOf(ada); len(got) != 0 {
			t.Errorf("groups %q", got)
		}
		// A group of the same name is another one.
		again := h.Group("team")
		if got := h.GroupsOf(ada); len(got) != 0 {
			t.Errorf("groups %q", got)
		}
		h.Ok(h.Groups.Join(h.Ctx, storage.Operator, again.ID, ada.ID))
		if u := storetest.Need(h.Users.Get(h.Ctx, ada.ID))(h); !slices.Equal(u.Groups, []storage.ID{again.ID}) {
			t.Errorf("a group that is gone is still held: %v", u.Groups)
		}
		h.Sound()
		h.Ok(h.Users.Delete(h.Ctx, storage.Operator, ada.ID))
		h.Sound()
	})
}

func TestGroupsAreBounded(t *testing.T) {
	h := storetest.NewHouse(t)
	ada := h.User("ada")
	for i := range people.GroupsMost {
		h.Ok(h.Groups.Join(h.Ctx, storage.Operator, h.Group(fmt.Sprint("g", i)).ID, ada.ID))
	}
	storetest.WantInvalid(t, h.Groups.Join(h.Ctx, storage.Operator, h.Group("more").ID, ada.ID), "group")
}

func TestOnlyAdministratorsManageGroups(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, g := h.User("ada"), h.Group("crew")
	by := ada.Actor(storage.ViaPage, "")
	_, err := h.Groups.Create(h.Ctx, by, "x", "")
	storetest.WantErr(t, err, storage.ErrForbidden)
	_, err = h.Groups.Change(h.Ctx, by, g.ID, people.GroupChange{})
	storetest.WantErr(t, err, storage.ErrForbidden)
	storetest.WantErr(t, h.Groups.Delete(h.Ctx, by, g.ID), storage.ErrForbidden)
	storetest.WantErr(t, h.Groups.Join(h.Ctx, by, g.ID, ada.ID), storage.ErrForbidden)
	storetest.WantErr(t, h.Groups.Leave(h.Ctx, by, g.ID, ada.ID), storage.ErrForbidden)
	for _, missing := range []error{
		h.Groups.Join(h.Ctx, storage.Operator, ada.ID, ada.ID), h.Groups.Join(h.Ctx, storage.Operator, g.ID, g.ID),
		h.Groups.Delete(h.Ctx, storage.Operator, ada.ID),
	} {
		storetest.WantErr(t, missing, storage.ErrNotFound)
	}
	u := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "eve", Groups: []storage.ID{g.ID}}))(h)
	if len(u.Groups) != 0 {
		t.Error("a new account brought its groups")
	}
}

// Deleting the last group that a client is open to would open it to everybody.
func TestAGroupThatAClientIsOpenToStays(t *testing.T) {
	h := storetest.NewHouse(t)
	g := h.Group("crew")
	h.Client("demo")
	h.Allow("demo", g)
	storetest.WantInvalid(t, h.Groups.Delete(h.Ctx, storage.Operator, g.ID), "group")
	m := storetest.WebMetadata()
	for _, ids := range [][]storage.ID{{g.ID, g.ID}, {h.Grants.NewID()}} {
		m.AllowedGroups = ids
		_, err := h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m)
		storetest.WantInvalid(t, err, "allowed_groups")
	}
	h.Sound()
	h.Allow("demo")
	h.Ok(h.Groups.Delete(h.Ctx, storage.Operator, g.ID))
	h.Sound()
}

func TestTheGroupsClaimHoldsNamesAndIsReadForItsScopeAlone(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, c := h.User("ada"), h.Client("demo")
	h.Allow("demo")
	s := h.SignIn(ada)
	with, without := h.Grant(ada, c, s, apps.ScopeOpenID, apps.ScopeGroups), h.Grant(ada, c, s, apps.ScopeOpenID)
	h.Redeem(with)
	h.Redeem(without)
	groups := func(g *grants.Grant) []string { return storetest.Need(h.Grants.Access(h.Ctx, g.ID, nil))(h).Groups }
	if got := groups(with); got == nil || len(got) != 0 {
		t.Errorf("in no group: %#v", got)
	}
	h.Ok(h.Groups.Join(h.Ctx, storage.Operator, h.Group("staff").ID, ada.ID))
	h.Ok(h.Groups.Join(h.Ctx, storage.Operator, h.Group("crew").ID, ada.ID))
	if got := groups(with); !slices.Equal(got, []string{"crew", "staff"}) || groups(without) != nil {
		t.Errorf("%q, and without the scope %q", got, groups(without))
	}
}

func TestAMemberOfAnAllowedGroupKeepsTheGrant(t *testing.T) {
	h := storetest.NewHouse(t)
	f, g := h.Redeemed(), h.Group("crew")
	h.Ok(h.Groups.Join(h.Ctx, storage.Operator, g.ID, f.User.ID))
	h.Allow(f.Client.ID, h.Group("staff"), g)
	if dead := h.Dead(f.Grant); dead != "" {
		t.Errorf("dead: %q", dead)
	}
	h.Ok(h.Groups.Leave(h.Ctx, storage.Operator, g.ID, f.User.ID))
	if dead := h.Dead(f.Grant); dead != apps.DeadGroup {
		t.Errorf("after leaving: %q", dead)
	}
	h.Ok(h.Groups.Join(h.Ctx, storage.Operator, g.ID, f.User.ID))
	if dead := h.Dead(f.Grant); dead != "" {
		t.Errorf("after joining again: %q", dead)
	}
}
