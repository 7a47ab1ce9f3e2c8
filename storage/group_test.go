package storage

import (
	"fmt"
	"slices"
	"testing"
)

func (h *house) group(name string) *Group {
	h.t.Helper()
	return need(h.Groups.Create(h.ctx, Operator, name, ""))(h)
}

func (h *house) allow(client string, groups ...*Group) {
	h.t.Helper()
	m := webMetadata()
	m.Scopes = append(StandardScopes(), ScopeGroups)
	for _, g := range groups {
		m.AllowedGroups = append(m.AllowedGroups, g.ID)
	}
	need(h.Clients.Change(h.ctx, Operator, client, 0, m))(h)
}

func (h *house) groupsOf(u *User) []string {
	h.t.Helper()
	return need(h.Groups.Names(h.ctx, need(h.Users.Get(h.ctx, u.ID))(h).Groups))(h)
}

func TestAGroupHasOneNameInAllItsSpellings(t *testing.T) {
	h := newHouse(t)
	g := h.group("Event Crew")
	for _, name := range []string{"Event Crew", "event crew", "EVENT CREW", "Event Crew", g.ID.String()} {
		if have := need(h.Groups.Find(h.ctx, name))(h); have.ID != g.ID {
			t.Errorf("%q finds %v", name, have)
		}
	}
	_, err := h.Groups.Create(h.ctx, Operator, "EVENT crew", "")
	wantTaken(t, err, "name")
	for _, name := range []string{"", " x", "x ", "a\nb", "a\u202eb", g.ID.String(), string(make([]byte, 101))} {
		_, err := h.Groups.Create(h.ctx, Operator, name, "")
		wantInvalid(t, err, "name")
	}
	other := h.group("Staff")
	_, err = h.Groups.Change(h.ctx, Operator, other.ID, GroupChange{Name: ptr("event CREW")})
	wantTaken(t, err, "name")
	need(h.Groups.Change(h.ctx, Operator, g.ID, GroupChange{Name: ptr("EVENT Crew")}))(h) // its own
	_, err = h.Groups.Find(h.ctx, "nobody")
	wantErr(t, err, ErrNotFound)
	h.sound()
}

func TestMembersJoinAndLeaveAndKeepTheGroupThroughItsRenaming(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		ada, crew, staff := h.user("ada"), h.group("crew"), h.group("staff")
		h.user("bob")
		for range 2 { // joining twice is joining once
			h.ok(h.Groups.Join(h.ctx, Operator, staff.ID, ada.ID))
			h.ok(h.Groups.Join(h.ctx, Operator, crew.ID, ada.ID))
		}
		need(h.Groups.Change(h.ctx, Operator, crew.ID, GroupChange{Name: ptr("team"), Description: ptr("who does it")}))(h)
		if got := h.groupsOf(ada); !slices.Equal(got, []string{"staff", "team"}) {
			t.Errorf("groups %q", got)
		}
		members, next, err := h.Groups.Members(h.ctx, crew.ID, nil, 10)
		if h.ok(err); len(members) != 1 || members[0].ID != ada.ID || next != nil {
			t.Errorf("members %v", members)
		}
		h.ok(h.Groups.Leave(h.ctx, Operator, staff.ID, ada.ID))
		h.ok(h.Groups.Delete(h.ctx, Operator, crew.ID))
		if got := h.groupsOf(ada); len(got) != 0 {
			t.Errorf("groups %q", got)
		}
		// A group of the same name is another one.
		again := h.group("team")
		if got := h.groupsOf(ada); len(got) != 0 {
			t.Errorf("groups %q", got)
		}
		h.ok(h.Groups.Join(h.ctx, Operator, again.ID, ada.ID))
		if u := need(h.Users.Get(h.ctx, ada.ID))(h); !slices.Equal(u.Groups, []ID{again.ID}) {
			t.Errorf("a group that is gone is still held: %v", u.Groups)
		}
		h.sound()
		h.ok(h.Users.Delete(h.ctx, Operator, ada.ID))
		h.sound()
	})
}

func TestGroupsAreBounded(t *testing.T) {
	h := newHouse(t)
	ada := h.user("ada")
	for i := range groupsMost {
		h.ok(h.Groups.Join(h.ctx, Operator, h.group(fmt.Sprint("g", i)).ID, ada.ID))
	}
	wantInvalid(t, h.Groups.Join(h.ctx, Operator, h.group("more").ID, ada.ID), "group")
}

func TestOnlyAdministratorsManageGroups(t *testing.T) {
	h := newHouse(t)
	ada, g := h.user("ada"), h.group("crew")
	by := ada.Actor(ViaPage, "")
	_, err := h.Groups.Create(h.ctx, by, "x", "")
	wantErr(t, err, ErrForbidden)
	_, err = h.Groups.Change(h.ctx, by, g.ID, GroupChange{})
	wantErr(t, err, ErrForbidden)
	wantErr(t, h.Groups.Delete(h.ctx, by, g.ID), ErrForbidden)
	wantErr(t, h.Groups.Join(h.ctx, by, g.ID, ada.ID), ErrForbidden)
	wantErr(t, h.Groups.Leave(h.ctx, by, g.ID, ada.ID), ErrForbidden)
	for _, missing := range []error{
		h.Groups.Join(h.ctx, Operator, ada.ID, ada.ID), h.Groups.Join(h.ctx, Operator, g.ID, g.ID), h.Groups.Delete(h.ctx, Operator, ada.ID),
	} {
		wantErr(t, missing, ErrNotFound)
	}
	u := need(h.Users.Create(h.ctx, Operator, User{Username: "eve", Groups: []ID{g.ID}}))(h)
	if len(u.Groups) != 0 {
		t.Error("a new account brought its groups")
	}
}

// Deleting the last group that a client is open to would open it to everybody.
func TestAGroupThatAClientIsOpenToStays(t *testing.T) {
	h := newHouse(t)
	g := h.group("crew")
	h.client("demo")
	h.allow("demo", g)
	wantInvalid(t, h.Groups.Delete(h.ctx, Operator, g.ID), "group")
	m := webMetadata()
	for _, ids := range [][]ID{{g.ID, g.ID}, {h.Grants.NewID()}} {
		m.AllowedGroups = ids
		_, err := h.Clients.Change(h.ctx, Operator, "demo", 0, m)
		wantInvalid(t, err, "allowed_groups")
	}
	h.sound()
	h.allow("demo")
	h.ok(h.Groups.Delete(h.ctx, Operator, g.ID))
	h.sound()
}

func TestTheGroupsClaimHoldsNamesAndIsReadForItsScopeAlone(t *testing.T) {
	h := newHouse(t)
	ada, c := h.user("ada"), h.client("demo")
	h.allow("demo")
	s := h.signIn(ada)
	with, without := h.grant(ada, c, s, ScopeOpenID, ScopeGroups), h.grant(ada, c, s, ScopeOpenID)
	h.redeem(with)
	h.redeem(without)
	groups := func(g *Grant) []string { return need(h.Grants.Access(h.ctx, g.ID, nil))(h).Groups }
	if got := groups(with); got == nil || len(got) != 0 {
		t.Errorf("in no group: %#v", got)
	}
	h.ok(h.Groups.Join(h.ctx, Operator, h.group("staff").ID, ada.ID))
	h.ok(h.Groups.Join(h.ctx, Operator, h.group("crew").ID, ada.ID))
	if got := groups(with); !slices.Equal(got, []string{"crew", "staff"}) || groups(without) != nil {
		t.Errorf("%q, and without the scope %q", got, groups(without))
	}
}

func (h *house) leftOut(f redeemed) {
	h.allow(f.client.ID, h.group("crew"))
}

func TestAMemberOfAnAllowedGroupKeepsTheGrant(t *testing.T) {
	h := newHouse(t)
	f, g := h.redeemed(), h.group("crew")
	h.ok(h.Groups.Join(h.ctx, Operator, g.ID, f.user.ID))
	h.allow(f.client.ID, h.group("staff"), g)
	if dead := h.dead(f.grant); dead != "" {
		t.Errorf("dead: %q", dead)
	}
	h.ok(h.Groups.Leave(h.ctx, Operator, g.ID, f.user.ID))
	if dead := h.dead(f.grant); dead != DeadGroup {
		t.Errorf("after leaving: %q", dead)
	}
	h.ok(h.Groups.Join(h.ctx, Operator, g.ID, f.user.ID))
	if dead := h.dead(f.grant); dead != "" {
		t.Errorf("after joining again: %q", dead)
	}
}
