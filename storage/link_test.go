package storage

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

func (h *house) setUpLink(hash string) {
	h.t.Helper()
	need(h.Links.Create(h.ctx, Operator, LinkSetUp, ID{}, []byte(hash)))(h)
}

func (h *house) setUp(hash, name string) error {
	_, err := h.Users.SetUp(h.ctx, []byte(hash), "", User{Username: name, Email: name + "@example.org", EmailVerified: true})
	return err
}

func TestOfAllWhoOpenTheSetUpLinkAtOnceOneBecomesAdministrator(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		h.setUpLink("link")
		got := h.atOnce(50, func(i int) string { return outcome(h.setUp("link", "user"+strconv.Itoa(i))) })
		if got["done"] != 1 || got[ErrSetUp.Error()] != 49 {
			t.Errorf("%v", got)
		}
		users, _, err := h.Users.List(h.ctx, nil, 100)
		if err != nil || len(users) != 1 || !users[0].IsAdmin() || users[0].EmailVerified {
			t.Errorf("%+v, %v", users, err)
		}
		if n := h.count(spaceLinks); n != 0 {
			t.Errorf("%d links: a used one is not kept", n)
		}
		h.sound()
	})
}

func TestASetUpLinkWorksOnceInItsTimeAndForItsPurpose(t *testing.T) {
	h := newHouse(t)
	u := h.user("ordinary")
	h.setUpLink("link")
	need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte("recovery")))(h)
	for _, hash := range []string{"", "another", "recovery", "link\x00"} {
		wantErr(t, h.setUp(hash, "eve"), ErrLink)
	}
	wantTaken(t, h.setUp("link", "ordinary"), "username") // a refusal does not use it up
	h.clock.add(time.Hour - time.Second)
	need(h.Links.Look(h.ctx, []byte("link"), LinkSetUp))(h)
	h.clock.add(time.Second)
	wantErr(t, h.setUp("link", "ada"), ErrLink)
	_, err := h.Links.Look(h.ctx, []byte("link"), LinkSetUp)
	wantErr(t, err, ErrLink)
	h.setUpLink("second")
	h.setUpLink("third")
	h.ok(h.setUp("second", "ada"))
	for _, hash := range []string{"second", "third", "link"} {
		wantErr(t, h.setUp(hash, "eve"), ErrSetUp)
	}
	_, err = h.Links.Create(h.ctx, Operator, LinkSetUp, ID{}, []byte("fourth"))
	wantErr(t, err, ErrSetUp)
	if !slices.Contains(h.acts(), ActSetUp) || h.count(spaceAdmins) != 1 {
		t.Errorf("%v", h.acts())
	}
}

func TestAnAdministratorMadeOtherwiseEndsSetUp(t *testing.T) {
	h := newHouse(t)
	h.setUpLink("link")
	h.admin("root")
	wantErr(t, h.setUp("link", "eve"), ErrSetUp)
}

func TestARecoveryLinkWorksOnceInItsTimeAndForItsPurpose(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	link := func(hash string) { need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte(hash)))(h) }
	recover := func(hash string) error {
		_, err := h.Links.Recover(h.ctx, []byte(hash), "", []byte("by "+hash), nil)
		return err
	}
	h.setUpLink("setup")
	link("late")
	h.clock.add(time.Hour)
	for _, hash := range []string{"late", "setup", "never", ""} {
		wantErr(t, recover(hash), ErrLink)
	}
	link("one")
	link("two")
	h.ok(recover("one"))
	for _, hash := range []string{"one", "two"} { // the password was set: the other is dead too
		wantErr(t, recover(hash), ErrLink)
		_, err := h.Links.Look(h.ctx, []byte(hash), LinkRecovery)
		wantErr(t, err, ErrLink)
	}
	if got := need(h.Users.Get(h.ctx, u.ID))(h); string(got.Password) != "by one" || got.Epoch != u.Epoch+1 {
		t.Errorf("%+v", got)
	}
	if n := h.count(spaceLinks); n != 3 { // setup, late and two
		t.Errorf("%d links: a used one is not kept", n)
	}
}

func TestARecoveryLinkIsDeadOnceItsUserIsNotAsItWas(t *testing.T) {
	for name, change := range map[string]func(*house, ID) error{
		"another password": func(h *house, id ID) error {
			_, err := h.Users.SetPassword(h.ctx, Operator, id, []byte("x"))
			return err
		},
		"disabled": func(h *house, id ID) error { _, err := h.Users.Disable(h.ctx, Operator, id); return err },
		"disabled and enabled": func(h *house, id ID) error {
			need(h.Users.Disable(h.ctx, Operator, id))(h)
			_, err := h.Users.Enable(h.ctx, Operator, id)
			return err
		},
		"deleted": func(h *house, id ID) error { return h.Users.Delete(h.ctx, Operator, id) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			u := h.user("ada")
			need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte("link")))(h)
			need(h.Links.Look(h.ctx, []byte("link"), LinkRecovery))(h)
			h.ok(change(h, u.ID))
			_, err := h.Links.Look(h.ctx, []byte("link"), LinkRecovery)
			wantErr(t, err, ErrLink)
			_, err = h.Links.Recover(h.ctx, []byte("link"), "", []byte("by link"), nil)
			wantErr(t, err, ErrLink)
		})
	}
}

func TestOfAllWhoRecoverAtOnceOneSetsThePassword(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		u := h.user("ada")
		for i := range 2 {
			need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte{'l', byte(i)}))(h)
		}
		got := h.atOnce(50, func(i int) string {
			_, err := h.Links.Recover(h.ctx, []byte{'l', byte(i % 2)}, "", []byte{byte(i)}, nil)
			return outcome(err)
		})
		if got["done"] != 1 || got[ErrLink.Error()] != 49 {
			t.Errorf("%v", got)
		}
		if got := need(h.Users.Get(h.ctx, u.ID))(h); got.Epoch != u.Epoch+1 {
			t.Errorf("the epoch is %d", got.Epoch)
		}
	})
}

func TestLinksThatCouldNotWorkAreNotMade(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	create := func(kind LinkKind, user ID, hash string) error {
		_, err := h.Links.Create(h.ctx, Operator, kind, user, []byte(hash))
		return err
	}
	wantErr(t, create(LinkRecovery, h.Users.NewID(), "x"), ErrNotFound)
	wantInvalid(t, create("invitation", u.ID, "x"), "link")
	wantInvalid(t, create(LinkRecovery, u.ID, ""), "link")
	need(h.Users.Disable(h.ctx, Operator, u.ID))(h)
	wantInvalid(t, create(LinkRecovery, u.ID, "x"), "user")
	if n := h.count(spaceLinks); n != 0 {
		t.Errorf("%d links", n)
	}
}
