package people_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestOfAllWhoOpenTheSetUpLinkAtOnceOneBecomesAdministrator(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		h.SetUpLink("link")
		got := h.AtOnce(50, func(i int) string { return storetest.Outcome(h.SetUp("link", "user"+strconv.Itoa(i))) })
		if got["done"] != 1 || got[storage.ErrSetUp.Error()] != 49 {
			t.Errorf("%v", got)
		}
		users, _, err := h.Users.List(h.Ctx, nil, 100)
		if err != nil || len(users) != 1 || !users[0].IsAdmin() || users[0].EmailVerified {
			t.Errorf("%+v, %v", users, err)
		}
		if n := h.Count(table.SpaceLinks); n != 0 {
			t.Errorf("%d links: a used one is not kept", n)
		}
		h.Sound()
	})
}

func TestASetUpLinkWorksOnceInItsTimeAndForItsPurpose(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ordinary")
	h.SetUpLink("link")
	storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte("recovery")))(h)
	for _, hash := range []string{"", "another", "recovery", "link\x00"} {
		storetest.WantErr(t, h.SetUp(hash, "eve"), storage.ErrLink)
	}
	storetest.WantTaken(t, h.SetUp("link", "ordinary"), "username") // a refusal does not use it up
	h.Clock.Add(time.Hour - time.Second)
	storetest.Need(h.Links.Look(h.Ctx, []byte("link"), people.LinkSetUp))(h)
	h.Clock.Add(time.Second)
	storetest.WantErr(t, h.SetUp("link", "ada"), storage.ErrLink)
	_, err := h.Links.Look(h.Ctx, []byte("link"), people.LinkSetUp)
	storetest.WantErr(t, err, storage.ErrLink)
	h.SetUpLink("second")
	h.SetUpLink("third")
	h.Ok(h.SetUp("second", "ada"))
	for _, hash := range []string{"second", "third", "link"} {
		storetest.WantErr(t, h.SetUp(hash, "eve"), storage.ErrSetUp)
	}
	_, err = h.Links.Create(h.Ctx, storage.Operator, people.LinkSetUp, storage.ID{}, []byte("fourth"))
	storetest.WantErr(t, err, storage.ErrSetUp)
	if !slices.Contains(h.Acts(), audit.ActSetUp) || h.Count(table.SpaceAdmins) != 1 {
		t.Errorf("%v", h.Acts())
	}
}

func TestAnAdministratorMadeOtherwiseEndsSetUp(t *testing.T) {
	h := storetest.NewHouse(t)
	h.SetUpLink("link")
	h.Admin("root")
	storetest.WantErr(t, h.SetUp("link", "eve"), storage.ErrSetUp)
}

func TestARecoveryLinkWorksOnceInItsTimeAndForItsPurpose(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	link := func(hash string) {
		storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte(hash)))(h)
	}
	recover := func(hash string) error {
		_, err := h.Links.Recover(h.Ctx, []byte(hash), "", []byte("by "+hash), nil)
		return err
	}
	h.SetUpLink("setup")
	link("late")
	h.Clock.Add(time.Hour)
	for _, hash := range []string{"late", "setup", "never", ""} {
		storetest.WantErr(t, recover(hash), storage.ErrLink)
	}
	link("one")
	link("two")
	h.Ok(recover("one"))
	for _, hash := range []string{"one", "two"} { // the password was set: the other is dead too
		storetest.WantErr(t, recover(hash), storage.ErrLink)
		_, err := h.Links.Look(h.Ctx, []byte(hash), people.LinkRecovery)
		storetest.WantErr(t, err, storage.ErrLink)
	}
	if got := storetest.Need(h.Users.Get(h.Ctx, u.ID))(h); string(got.Password) != "by one" || got.Epoch != u.Epoch+1 {
		t.Errorf("%+v", got)
	}
	if n := h.Count(table.SpaceLinks); n != 3 { // setup, late and two
		t.Errorf("%d links: a used one is not kept", n)
	}
}

func TestARecoveryLinkIsDeadOnceItsUserIsNotAsItWas(t *testing.T) {
	for name, change := range map[string]func(*storetest.House, storage.ID) error{
		"another password": func(h *storetest.House, id storage.ID) error {
			_, err := h.Users.SetPassword(h.Ctx, storage.Operator, id, []byte("x"))
			return err
		},
		"disabled": func(h *storetest.House, id storage.ID) error {
			_, err := h.Users.Disable(h.Ctx, storage.Operator, id)
			return err
		},
		"disabled and enabled": func(h *storetest.House, id storage.ID) error {
			storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, id))(h)
			_, err := h.Users.Enable(h.Ctx, storage.Operator, id)
			return err
		},
		"deleted": func(h *storetest.House, id storage.ID) error { return h.Users.Delete(h.Ctx, storage.Operator, id) },
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			u := h.User("ada")
			storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte("link")))(h)
			storetest.Need(h.Links.Look(h.Ctx, []byte("link"), people.LinkRecovery))(h)
			h.Ok(change(h, u.ID))
			_, err := h.Links.Look(h.Ctx, []byte("link"), people.LinkRecovery)
			storetest.WantErr(t, err, storage.ErrLink)
			_, err = h.Links.Recover(h.Ctx, []byte("link"), "", []byte("by link"), nil)
			storetest.WantErr(t, err, storage.ErrLink)
		})
	}
}

func TestOfAllWhoRecoverAtOnceOneSetsThePassword(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		u := h.User("ada")
		for i := range 2 {
			storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte{'l', byte(i)}))(h)
		}
		got := h.AtOnce(50, func(i int) string {
			_, err := h.Links.Recover(h.Ctx, []byte{'l', byte(i % 2)}, "", []byte{byte(i)}, nil)
			return storetest.Outcome(err)
		})
		if got["done"] != 1 || got[storage.ErrLink.Error()] != 49 {
			t.Errorf("%v", got)
		}
		if got := storetest.Need(h.Users.Get(h.Ctx, u.ID))(h); got.Epoch != u.Epoch+1 {
			t.Errorf("the epoch is %d", got.Epoch)
		}
	})
}

func TestLinksThatCouldNotWorkAreNotMade(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	create := func(kind people.LinkKind, user storage.ID, hash string) error {
		_, err := h.Links.Create(h.Ctx, storage.Operator, kind, user, []byte(hash))
		return err
	}
	storetest.WantErr(t, create(people.LinkRecovery, h.Users.NewID(), "x"), storage.ErrNotFound)
	storetest.WantInvalid(t, create("invitation", u.ID, "x"), "link")
	storetest.WantInvalid(t, create(people.LinkRecovery, u.ID, ""), "link")
	storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, u.ID))(h)
	storetest.WantInvalid(t, create(people.LinkRecovery, u.ID, "x"), "user")
	if n := h.Count(table.SpaceLinks); n != 0 {
		t.Errorf("%d links", n)
	}
}
