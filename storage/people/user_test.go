package people_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestANameFreedByRenameOrDeleteCanBeUsedAgain(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		ada := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
			people.User{Username: "ada", Email: "ada@example.org"}))(h)
		storetest.Need(h.Users.Change(h.Ctx, storage.Operator, ada.ID,
			people.UserChange{Username: storetest.Ptr("countess"), Email: storetest.Ptr("c@example.org")}))(h)
		second := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
			people.User{Username: "ada", Email: "ada@example.org"}))(h)
		h.Ok(h.Users.Delete(h.Ctx, storage.Operator, second.ID))
		third := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
			people.User{Username: "ADA", Email: "ADA@example.org"}))(h)
		if third.ID == second.ID || third.ID == ada.ID {
			t.Error("an id was given twice")
		}
		if u := storetest.Need(h.Users.ByLogin(h.Ctx, "ada@example.org"))(h); u.ID != third.ID {
			t.Errorf("the address leads to %v", u)
		}
		_, err := h.Users.Get(h.Ctx, second.ID)
		storetest.WantErr(t, err, storage.ErrNotFound)
		h.Sound()
	})
}

func TestAnAccountIsNeverOverwrittenByAnotherWithItsID(t *testing.T) {
	h := storetest.NewHouse(t)
	ada := h.User("ada")
	_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{ID: ada.ID, Username: "eve"})
	storetest.WantTaken(t, err, "sub")
	if u := storetest.Need(h.Users.Get(h.Ctx, ada.ID))(h); u.Username != "ada" {
		t.Errorf("the account is %+v", u)
	}
}

func TestNoClientIDEqualsASubject(t *testing.T) {
	h := storetest.NewHouse(t)
	ada := h.User("ada")
	_, err := h.Clients.Create(h.Ctx, storage.Operator,
		apps.NewClient{ID: ada.Subject(), Metadata: storetest.WebMetadata(), Secret: []byte("x")})
	storetest.WantTaken(t, err, "client_id")
	id := h.Users.NewID()
	h.Client(id.String())
	_, err = h.Users.Create(h.Ctx, storage.Operator, people.User{ID: id, Username: "bob"})
	storetest.WantTaken(t, err, "sub")
}

func TestAClientAndASubjectMadeAtOnceAreNeverEqual(t *testing.T) {
	for range 20 {
		h := storetest.NewHouse(t)
		id := h.Users.NewID()
		got := h.AtOnce(2, func(i int) string {
			var err error
			if i == 0 {
				_, err = h.Clients.Create(h.Ctx, storage.Operator,
					apps.NewClient{ID: id.String(), Metadata: storetest.WebMetadata(), Secret: []byte("x")})
			} else {
				_, err = h.Users.Create(h.Ctx, storage.Operator, people.User{ID: id, Username: "bob"})
			}
			return storetest.Outcome(err)
		})
		if got["done"] != 1 {
			t.Fatalf("%v", got)
		}
	}
}

func TestTheLastAdministratorIsProtected(t *testing.T) {
	remove := map[string]func(*storetest.House, storage.ID) error{
		"demote": func(h *storetest.House, id storage.ID) error {
			_, err := h.Users.Change(h.Ctx, storage.Operator, id, people.UserChange{Roles: &[]storage.Role{}})
			return err
		},
		"disable": func(h *storetest.House, id storage.ID) error {
			_, err := h.Users.Disable(h.Ctx, storage.Operator, id)
			return err
		},
		"delete": func(h *storetest.House, id storage.ID) error { return h.Users.Delete(h.Ctx, storage.Operator, id) },
	}
	for name, act := range remove {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			one, two := h.Admin("one"), h.Admin("two")
			h.User("ordinary")
			off := h.Admin("off")
			storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, off.ID))(h) // does not count
			h.Ok(act(h, one.ID))
			storetest.WantInvalid(t, act(h, two.ID), "user")
			if u := storetest.Need(h.Users.Get(h.Ctx, two.ID))(h); !u.IsActiveAdmin() ||
				!storetest.Need(h.Users.HasAdmin(h.Ctx))(h) {
				t.Errorf("the last one is %+v", u)
			}
			h.Ok(act(h, off.ID)) // nobody is missed
			h.Sound()
		})
	}
}

func TestTwoAdministratorsWhoDemoteEachOtherAtOnceLeaveOne(t *testing.T) {
	for range 20 {
		h := storetest.NewHouse(t)
		both := []*people.User{h.Admin("one"), h.Admin("two")}
		got := h.AtOnce(2, func(i int) string {
			_, err := h.Users.Change(h.Ctx, both[i].Actor(storage.ViaPage, ""), both[1-i].ID,
				people.UserChange{Roles: &[]storage.Role{}})
			return storetest.Outcome(err)
		})
		if got["done"] != 1 || !storetest.Need(h.Users.HasAdmin(h.Ctx))(h) {
			t.Fatalf("%v", got)
		}
	}
}

// What ends an account's sessions and grants does so at the very next call, and
// nothing revives them.
func TestDisableDeleteAndANewPasswordEndSessionsAndGrantsAtOnce(t *testing.T) {
	ends := map[string]func(*storetest.House, *people.User) error{
		"disable": func(h *storetest.House, u *people.User) error {
			_, err := h.Users.Disable(h.Ctx, storage.Operator, u.ID)
			return err
		},
		"password": func(h *storetest.House, u *people.User) error {
			_, err := h.Users.SetPassword(h.Ctx, storage.Operator, u.ID, []byte("new"))
			return err
		},
		"delete": func(h *storetest.House,
			u *people.User) error {
			return h.Users.Delete(h.Ctx, storage.Operator, u.ID)
		},
		"recovery": func(h *storetest.House, u *people.User) error {
			storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte("link")))(h)
			_, err := h.Links.Recover(h.Ctx, []byte("link"), "", []byte("new"), nil)
			return err
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
				f := h.Redeemed()
				if !h.Live(f.Session) || h.Dead(f.Grant) != "" {
					t.Fatal("the session or the grant did not begin")
				}
				h.Ok(end(h, f.User))
				if h.Live(f.Session) || h.Dead(f.Grant) != apps.DeadUser {
					t.Errorf("session alive: %v, grant: %q", h.Live(f.Session), h.Dead(f.Grant))
				}
				if name == "delete" {
					return
				}
				storetest.Need(h.Users.Enable(h.Ctx, storage.Operator, f.User.ID))(h)
				if h.Live(f.Session) || h.Dead(f.Grant) != apps.DeadUser {
					t.Error("enabling the account revived what had ended")
				}
				if v := h.SignIn(f.User); !h.Live(v) {
					t.Error("the user cannot sign in again")
				}
				h.Sound()
			})
		})
	}
}

func TestAPasswordCheckedBeforeAChangeDoesNotSignIn(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	checked := people.NewSession{User: u.ID, UserEpoch: u.Epoch}
	storetest.Need(h.Users.SetPassword(h.Ctx, storage.Operator, u.ID, []byte("new")))(h)
	_, err := h.Sessions.Start(h.Ctx, checked)
	storetest.WantErr(t, err, storage.ErrStale)
	u = storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, u.ID))(h)
	_, err = h.Sessions.Start(h.Ctx, people.NewSession{User: u.ID, UserEpoch: u.Epoch})
	storetest.WantErr(t, err, storage.ErrStale)
	h.Ok(h.Users.Delete(h.Ctx, storage.Operator, u.ID))
	_, err = h.Sessions.Start(h.Ctx, checked)
	storetest.WantErr(t, err, storage.ErrStale)
	if n := h.Count(table.SpaceSessions); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestRehashKeepsSessionsAndNeverUndoesANewPassword(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	v := h.SignIn(u)
	h.Ok(h.Users.Rehash(h.Ctx, u.ID, u.Password, []byte("stronger")))
	if got := storetest.Need(h.Users.Get(h.Ctx, u.ID))(h); string(got.Password) != "stronger" || !h.Live(v) {
		t.Errorf("%+v", got)
	}
	storetest.Need(h.Users.SetPassword(h.Ctx, storage.Operator, u.ID, []byte("new")))(h)
	h.Ok(h.Users.Rehash(h.Ctx, u.ID, []byte("stronger"), []byte("stronger still")))
	if got := storetest.Need(h.Users.Get(h.Ctx, u.ID))(h); string(got.Password) != "new" {
		t.Errorf("the password became %q", got.Password)
	}
	h.Ok(h.Users.Delete(h.Ctx, storage.Operator, u.ID))
	h.Ok(h.Users.Rehash(h.Ctx, u.ID, []byte("new"), []byte("x")))
	if h.Count(table.SpaceUsers) != 0 {
		t.Error("a deleted account came back")
	}
}

func TestANewAddressIsUnverifiedUnlessTheChangeVouchesForIt(t *testing.T) {
	h := storetest.NewHouse(t)
	u := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "ada", Email: "ada@example.org", EmailVerified: true}))(h)
	change := func(c people.UserChange) *people.User {
		return storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID, c))(h)
	}
	if !u.EmailVerified || !change(people.UserChange{Email: storetest.Ptr("ada@example.org"),
		Username: storetest.Ptr("countess")}).EmailVerified {
		t.Error("the same address lost its mark")
	}
	if change(people.UserChange{Email: storetest.Ptr("Ada@example.org")}).EmailVerified {
		t.Error("another spelling kept the mark")
	}
	if !change(people.UserChange{Email: storetest.Ptr("b@example.org"),
		EmailVerified: storetest.Ptr(true)}).EmailVerified {
		t.Error("the change could not vouch")
	}
	if change(people.UserChange{Email: storetest.Ptr("c@example.org")}).EmailVerified {
		t.Error("another address kept the mark")
	}
	if change(people.UserChange{Email: storetest.Ptr("")}).Email != "" {
		t.Error("the address stayed")
	}
	_, err := h.Users.Change(h.Ctx, storage.Operator, u.ID, people.UserChange{EmailVerified: storetest.Ptr(true)})
	storetest.WantInvalid(t, err, "email_verified")
	if u := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "bob", EmailVerified: true}))(h); u.EmailVerified {
		t.Error("no address is a verified one")
	}
}

func TestAnAccountBeginsWithoutPastAndEnabled(t *testing.T) {
	h := storetest.NewHouse(t)
	at := h.Clock.Now().Truncate(time.Second)
	u := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "ada", Password: []byte("x"), Epoch: 7, Disabled: true, Created: at.Add(-time.Hour)}))(h)
	if u.Epoch != 0 || u.Disabled || !u.Created.Equal(at) || !u.Updated.Equal(at) || !u.PasswordChanged.Equal(at) ||
		u.ID.IsZero() {
		t.Errorf("%+v", u)
	}
	if u := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "bob"}))(h); !u.PasswordChanged.IsZero() {
		t.Error("a password that was never set was changed")
	}
	_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{Username: "eve", Roles: []storage.Role{"root"}})
	storetest.WantInvalid(t, err, "roles")
}

func TestAccountsAreListedOldestFirstAndInPages(t *testing.T) {
	h := storetest.NewHouse(t)
	var want []string
	for _, name := range []string{"zoe", "ada", "max", "bob", "eve"} {
		want = append(want, h.User(name).Username)
		h.Clock.Add(time.Millisecond)
	}
	var got []string
	var after []byte
	for {
		page, next, err := h.Users.List(h.Ctx, after, 2)
		h.Ok(err)
		for _, u := range page {
			got = append(got, u.Username)
		}
		if after = next; after == nil {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestFindTakesAnyNameOfAnAccount(t *testing.T) {
	h := storetest.NewHouse(t)
	u := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "ada", Email: "lovelace@example.org"}))(h)
	for _, name := range []string{"ada", "lovelace@example.org", u.ID.String()} {
		if got := storetest.Need(h.Users.Find(h.Ctx, name))(h); got.ID != u.ID {
			t.Errorf("%q leads to %v", name, got)
		}
	}
	for _, name := range []string{"", "bob", h.Users.NewID().String(), string(make([]byte, 1<<20))} {
		_, err := h.Users.Find(h.Ctx, name)
		storetest.WantErr(t, err, storage.ErrNotFound)
		_, err = h.Users.ByLogin(h.Ctx, name)
		storetest.WantErr(t, err, storage.ErrNotFound)
	}
	_, err := h.Users.ByLogin(h.Ctx, u.ID.String()) // an id is public: not what a person signs in with
	storetest.WantErr(t, err, storage.ErrNotFound)
}

func TestDeletingAnAccountLeavesNothingOfItsOwn(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Redeemed()
	h.Ok(h.Memberships.Set(h.Ctx, storage.Operator, people.Membership{User: f.User.ID, Status: "active_patron"}))
	storetest.Need(h.Attempts.Count(h.Ctx, "ada", f.User, nil))(h)
	h.Ok(h.Users.Delete(h.Ctx, storage.Operator, f.User.ID))
	// A sign-in that was under way when the account went must not bring its counter back.
	storetest.Need(h.Attempts.Count(h.Ctx, "ada", f.User, nil))(h)
	for _, space := range []byte{table.SpaceUsers, table.SpaceUsersByUsername, table.SpaceUsersByEmail,
		table.SpaceAdmins, table.SpaceAttempts, table.SpaceMemberships} {
		if n := h.Count(space); n != 0 {
			t.Errorf("%d keys are left in space %x", n, space)
		}
	}
	h.Sound()
}

func TestAChangeThatIsRefusedChangesNothing(t *testing.T) {
	h := storetest.HouseOver(t, memory.New(memory.Options{}), store.Options{})
	u := h.User("ada")
	h.User("bob")
	if n := h.Commits(func() {
		for _, c := range []people.UserChange{{Username: storetest.Ptr("bob")}, {Username: storetest.Ptr("a b")},
			{Email: storetest.Ptr("x")}, {Roles: &[]storage.Role{"root"}},
			{Profile: &people.Profile{Zoneinfo: "Nowhere/Land"}}} {
			if _, err := h.Users.Change(h.Ctx, storage.Operator, u.ID, c); err == nil {
				t.Errorf("%+v was taken", c)
			}
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
}

func TestOfManyWhoChangeAUserTheyHadReadOneDoes(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	got := h.AtOnce(20, func(i int) string {
		_, err := h.Users.Change(h.Ctx, storage.Operator, u.ID,
			people.UserChange{Profile: &people.Profile{Name: "Ada"}, Revision: &u.Revision})
		return storetest.Outcome(err)
	})
	if got["done"] != 1 || got[storage.ErrStale.Error()] != 19 {
		t.Errorf("%v", got)
	}
	if now := storetest.Need(h.Users.Get(h.Ctx, u.ID))(h); now.Revision != u.Revision+1 {
		t.Errorf("revision %d after %d", now.Revision, u.Revision)
	}
	storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID,
		people.UserChange{Profile: &people.Profile{Name: "Ada"}}))(h) // without one: whatever it is
}
