package storage

import (
	"slices"
	"testing"
	"time"

	"latchkey/storage/memory"
)

func TestANameFreedByRenameOrDeleteCanBeUsedAgain(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		ada := need(h.Users.Create(h.ctx, Operator, User{Username: "ada", Email: "ada@example.org"}))(h)
		need(h.Users.Change(h.ctx, Operator, ada.ID, UserChange{Username: ptr("countess"), Email: ptr("c@example.org")}))(h)
		second := need(h.Users.Create(h.ctx, Operator, User{Username: "ada", Email: "ada@example.org"}))(h)
		h.ok(h.Users.Delete(h.ctx, Operator, second.ID))
		third := need(h.Users.Create(h.ctx, Operator, User{Username: "ADA", Email: "ADA@example.org"}))(h)
		if third.ID == second.ID || third.ID == ada.ID {
			t.Error("an id was given twice")
		}
		if u := need(h.Users.ByLogin(h.ctx, "ada@example.org"))(h); u.ID != third.ID {
			t.Errorf("the address leads to %v", u)
		}
		_, err := h.Users.Get(h.ctx, second.ID)
		wantErr(t, err, ErrNotFound)
		h.sound()
	})
}

func TestAnAccountIsNeverOverwrittenByAnotherWithItsID(t *testing.T) {
	h := newHouse(t)
	ada := h.user("ada")
	_, err := h.Users.Create(h.ctx, Operator, User{ID: ada.ID, Username: "eve"})
	wantTaken(t, err, "sub")
	if u := need(h.Users.Get(h.ctx, ada.ID))(h); u.Username != "ada" {
		t.Errorf("the account is %+v", u)
	}
}

func TestNoClientIDEqualsASubject(t *testing.T) {
	h := newHouse(t)
	ada := h.user("ada")
	_, err := h.Clients.Create(h.ctx, Operator, NewClient{ID: ada.Subject(), Metadata: webMetadata(), Secret: []byte("x")})
	wantTaken(t, err, "client_id")
	id := h.Users.NewID()
	h.client(id.String())
	_, err = h.Users.Create(h.ctx, Operator, User{ID: id, Username: "bob"})
	wantTaken(t, err, "sub")
}

func TestAClientAndASubjectMadeAtOnceAreNeverEqual(t *testing.T) {
	for range 20 {
		h := newHouse(t)
		id := h.Users.NewID()
		got := h.atOnce(2, func(i int) string {
			var err error
			if i == 0 {
				_, err = h.Clients.Create(h.ctx, Operator, NewClient{ID: id.String(), Metadata: webMetadata(), Secret: []byte("x")})
			} else {
				_, err = h.Users.Create(h.ctx, Operator, User{ID: id, Username: "bob"})
			}
			return outcome(err)
		})
		if got["done"] != 1 {
			t.Fatalf("%v", got)
		}
	}
}

func TestTheLastAdministratorIsProtected(t *testing.T) {
	remove := map[string]func(*house, ID) error{
		"demote": func(h *house, id ID) error {
			_, err := h.Users.Change(h.ctx, Operator, id, UserChange{Roles: &[]Role{}})
			return err
		},
		"disable": func(h *house, id ID) error { _, err := h.Users.Disable(h.ctx, Operator, id); return err },
		"delete":  func(h *house, id ID) error { return h.Users.Delete(h.ctx, Operator, id) },
	}
	for name, act := range remove {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			one, two := h.admin("one"), h.admin("two")
			h.user("ordinary")
			off := h.admin("off")
			need(h.Users.Disable(h.ctx, Operator, off.ID))(h) // does not count
			h.ok(act(h, one.ID))
			wantInvalid(t, act(h, two.ID), "user")
			if u := need(h.Users.Get(h.ctx, two.ID))(h); !u.governs() || !need(h.Users.HasAdmin(h.ctx))(h) {
				t.Errorf("the last one is %+v", u)
			}
			h.ok(act(h, off.ID)) // nobody is missed
			h.sound()
		})
	}
}

func TestTwoAdministratorsWhoDemoteEachOtherAtOnceLeaveOne(t *testing.T) {
	for range 20 {
		h := newHouse(t)
		both := []*User{h.admin("one"), h.admin("two")}
		got := h.atOnce(2, func(i int) string {
			_, err := h.Users.Change(h.ctx, both[i].Actor(ViaPage, ""), both[1-i].ID, UserChange{Roles: &[]Role{}})
			return outcome(err)
		})
		if got["done"] != 1 || !need(h.Users.HasAdmin(h.ctx))(h) {
			t.Fatalf("%v", got)
		}
	}
}

// What ends an account's sessions and grants does so at the very next call, and
// nothing revives them.
func TestDisableDeleteAndANewPasswordEndSessionsAndGrantsAtOnce(t *testing.T) {
	ends := map[string]func(*house, *User) error{
		"disable": func(h *house, u *User) error { _, err := h.Users.Disable(h.ctx, Operator, u.ID); return err },
		"password": func(h *house, u *User) error {
			_, err := h.Users.SetPassword(h.ctx, Operator, u.ID, []byte("new"))
			return err
		},
		"delete": func(h *house, u *User) error { return h.Users.Delete(h.ctx, Operator, u.ID) },
		"recovery": func(h *house, u *User) error {
			need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte("link")))(h)
			_, err := h.Links.Recover(h.ctx, []byte("link"), "", []byte("new"), nil)
			return err
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			onEngines(t, func(t *testing.T, h *house) {
				f := h.redeemed()
				if !h.live(f.session) || h.dead(f.grant) != "" {
					t.Fatal("the session or the grant did not begin")
				}
				h.ok(end(h, f.user))
				if h.live(f.session) || h.dead(f.grant) != DeadUser {
					t.Errorf("session alive: %v, grant: %q", h.live(f.session), h.dead(f.grant))
				}
				if name == "delete" {
					return
				}
				need(h.Users.Enable(h.ctx, Operator, f.user.ID))(h)
				if h.live(f.session) || h.dead(f.grant) != DeadUser {
					t.Error("enabling the account revived what had ended")
				}
				if v := h.signIn(f.user); !h.live(v) {
					t.Error("the user cannot sign in again")
				}
				h.sound()
			})
		})
	}
}

func TestAPasswordCheckedBeforeAChangeDoesNotSignIn(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	checked := NewSession{User: u.ID, UserEpoch: u.Epoch}
	need(h.Users.SetPassword(h.ctx, Operator, u.ID, []byte("new")))(h)
	_, err := h.Sessions.Start(h.ctx, checked)
	wantErr(t, err, ErrStale)
	u = need(h.Users.Disable(h.ctx, Operator, u.ID))(h)
	_, err = h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch})
	wantErr(t, err, ErrStale)
	h.ok(h.Users.Delete(h.ctx, Operator, u.ID))
	_, err = h.Sessions.Start(h.ctx, checked)
	wantErr(t, err, ErrStale)
	if n := h.count(spaceSessions); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestRehashKeepsSessionsAndNeverUndoesANewPassword(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	v := h.signIn(u)
	h.ok(h.Users.Rehash(h.ctx, u.ID, u.Password, []byte("stronger")))
	if got := need(h.Users.Get(h.ctx, u.ID))(h); string(got.Password) != "stronger" || !h.live(v) {
		t.Errorf("%+v", got)
	}
	need(h.Users.SetPassword(h.ctx, Operator, u.ID, []byte("new")))(h)
	h.ok(h.Users.Rehash(h.ctx, u.ID, []byte("stronger"), []byte("stronger still")))
	if got := need(h.Users.Get(h.ctx, u.ID))(h); string(got.Password) != "new" {
		t.Errorf("the password became %q", got.Password)
	}
	h.ok(h.Users.Delete(h.ctx, Operator, u.ID))
	h.ok(h.Users.Rehash(h.ctx, u.ID, []byte("new"), []byte("x")))
	if h.count(spaceUsers) != 0 {
		t.Error("a deleted account came back")
	}
}

func TestANewAddressIsUnverifiedUnlessTheChangeVouchesForIt(t *testing.T) {
	h := newHouse(t)
	u := need(h.Users.Create(h.ctx, Operator, User{Username: "ada", Email: "ada@example.org", EmailVerified: true}))(h)
	change := func(c UserChange) *User { return need(h.Users.Change(h.ctx, Operator, u.ID, c))(h) }
	if !u.EmailVerified || !change(UserChange{Email: ptr("ada@example.org"), Username: ptr("countess")}).EmailVerified {
		t.Error("the same address lost its mark")
	}
	if change(UserChange{Email: ptr("Ada@example.org")}).EmailVerified {
		t.Error("another spelling kept the mark")
	}
	if !change(UserChange{Email: ptr("b@example.org"), EmailVerified: ptr(true)}).EmailVerified {
		t.Error("the change could not vouch")
	}
	if change(UserChange{Email: ptr("c@example.org")}).EmailVerified {
		t.Error("another address kept the mark")
	}
	if change(UserChange{Email: ptr("")}).Email != "" {
		t.Error("the address stayed")
	}
	_, err := h.Users.Change(h.ctx, Operator, u.ID, UserChange{EmailVerified: ptr(true)})
	wantInvalid(t, err, "email_verified")
	if u := need(h.Users.Create(h.ctx, Operator, User{Username: "bob", EmailVerified: true}))(h); u.EmailVerified {
		t.Error("no address is a verified one")
	}
}

func TestAnAccountBeginsWithoutPastAndEnabled(t *testing.T) {
	h := newHouse(t)
	at := h.clock.Now().Truncate(time.Second)
	u := need(h.Users.Create(h.ctx, Operator, User{Username: "ada", Password: []byte("x"), Epoch: 7, Disabled: true, Created: at.Add(-time.Hour)}))(h)
	if u.Epoch != 0 || u.Disabled || !u.Created.Equal(at) || !u.Updated.Equal(at) || !u.PasswordChanged.Equal(at) || u.ID.IsZero() {
		t.Errorf("%+v", u)
	}
	if u := need(h.Users.Create(h.ctx, Operator, User{Username: "bob"}))(h); !u.PasswordChanged.IsZero() {
		t.Error("a password that was never set was changed")
	}
	_, err := h.Users.Create(h.ctx, Operator, User{Username: "eve", Roles: []Role{"root"}})
	wantInvalid(t, err, "roles")
}

func TestAccountsAreListedOldestFirstAndInPages(t *testing.T) {
	h := newHouse(t)
	var want []string
	for _, name := range []string{"zoe", "ada", "max", "bob", "eve"} {
		want = append(want, h.user(name).Username)
		h.clock.add(time.Millisecond)
	}
	var got []string
	var after []byte
	for {
		page, next, err := h.Users.List(h.ctx, after, 2)
		h.ok(err)
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
	h := newHouse(t)
	u := need(h.Users.Create(h.ctx, Operator, User{Username: "ada", Email: "lovelace@example.org"}))(h)
	for _, name := range []string{"ada", "lovelace@example.org", u.ID.String()} {
		if got := need(h.Users.Find(h.ctx, name))(h); got.ID != u.ID {
			t.Errorf("%q leads to %v", name, got)
		}
	}
	for _, name := range []string{"", "bob", h.Users.NewID().String(), string(make([]byte, 1<<20))} {
		_, err := h.Users.Find(h.ctx, name)
		wantErr(t, err, ErrNotFound)
		_, err = h.Users.ByLogin(h.ctx, name)
		wantErr(t, err, ErrNotFound)
	}
	_, err := h.Users.ByLogin(h.ctx, u.ID.String()) // an id is public: not what a person signs in with
	wantErr(t, err, ErrNotFound)
}

func TestDeletingAnAccountLeavesNothingOfItsOwn(t *testing.T) {
	h := newHouse(t)
	f := h.redeemed()
	h.ok(h.Memberships.Set(h.ctx, Operator, Membership{User: f.user.ID, Status: "active_patron"}))
	need(h.Attempts.Count(h.ctx, "ada", f.user, nil))(h)
	h.ok(h.Users.Delete(h.ctx, Operator, f.user.ID))
	// A sign-in that was under way when the account went must not bring its counter back.
	need(h.Attempts.Count(h.ctx, "ada", f.user, nil))(h)
	for _, space := range []byte{spaceUsers, spaceUsersByUsername, spaceUsersByEmail, spaceAdmins, spaceAttempts, spaceMemberships} {
		if n := h.count(space); n != 0 {
			t.Errorf("%d keys are left in space %x", n, space)
		}
	}
	h.sound()
}

func TestAChangeThatIsRefusedChangesNothing(t *testing.T) {
	h := houseOver(t, memory.New(memory.Options{}), Options{})
	u := h.user("ada")
	h.user("bob")
	if n := h.commits(func() {
		for _, c := range []UserChange{{Username: ptr("bob")}, {Username: ptr("a b")}, {Email: ptr("x")}, {Roles: &[]Role{"root"}},
			{Profile: &Profile{Zoneinfo: "Nowhere/Land"}}} {
			if _, err := h.Users.Change(h.ctx, Operator, u.ID, c); err == nil {
				t.Errorf("%+v was taken", c)
			}
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
}

func TestOfManyWhoChangeAUserTheyHadReadOneDoes(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	got := h.atOnce(20, func(i int) string {
		_, err := h.Users.Change(h.ctx, Operator, u.ID, UserChange{Profile: &Profile{Name: "Ada"}, Revision: &u.Revision})
		return outcome(err)
	})
	if got["done"] != 1 || got[ErrStale.Error()] != 19 {
		t.Errorf("%v", got)
	}
	if now := need(h.Users.Get(h.ctx, u.ID))(h); now.Revision != u.Revision+1 {
		t.Errorf("revision %d after %d", now.Revision, u.Revision)
	}
	need(h.Users.Change(h.ctx, Operator, u.ID, UserChange{Profile: &Profile{Name: "Ada"}}))(h) // without one: whatever it is
}
