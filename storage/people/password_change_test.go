package people_test

import (
	"strconv"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
)

func TestAPasswordChangeEndsAllElsewhereAndThisBrowserGoesOn(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		f, bobs := h.Begun(true), h.SignIn(h.User("bob"))
		h.Redeem(f.Grant) // for the time the user is away
		others := []*people.Session{h.SignIn(f.User), h.SignIn(f.User), h.SignIn(f.User)}
		h.Ok(h.Sessions.End(h.Ctx, storage.Operator, others[2].ID))
		online := h.Grant(f.User, f.Client, others[0], apps.ScopeOpenID)
		h.Redeem(online)
		storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, f.User.ID, []byte("link")))(h)
		h.Clock.Add(time.Second)

		out := storetest.Need(h.ChangePassword(f.User, h.PasswordChange(f.User, f.Session, true)))(h)
		if out.Ended != 2 {
			t.Errorf("%d others ended, want 2", out.Ended)
		}
		for i, v := range append(others, f.Session) { // the old id of this one is worthless too
			if h.Live(v) {
				t.Errorf("session %d lives", i)
			}
		}
		if !h.Live(out.Session) || out.Session.Line() != f.Session.Line() || !h.Live(bobs) {
			t.Error("this browser's session does not go on, or somebody else's ended")
		}
		if h.Dead(f.Grant) != apps.DeadUser || h.Dead(online) != apps.DeadUser {
			t.Errorf("offline %q, online %q", h.Dead(f.Grant), h.Dead(online))
		}
		_, err := h.Links.Look(h.Ctx, []byte("link"), people.LinkRecovery)
		storetest.WantErr(t, err, storage.ErrLink)
		u := storetest.Need(h.Users.Get(h.Ctx, f.User.ID))(h)
		if string(u.Password) != "sealed anew" || !u.PasswordChanged.Equal(u.Updated) ||
			u.PasswordChanged.Equal(f.User.PasswordChanged) || u.Revision != f.User.Revision+1 {
			t.Errorf("%+v", u)
		}
		again := h.Grant(u, f.Client, out.Session, apps.ScopeOpenID)
		if h.Redeem(again); h.Dead(again) != "" {
			t.Errorf("a new grant is dead: %q", h.Dead(again))
		}
		event := h.LastEvent(audit.ActPasswordChanged)
		if event.User != u.ID || event.By != u.ID || event.Detail != "everywhere else: 2" || event.RequestID != "r1" {
			t.Errorf("%+v", event)
		}
		h.Sound()
	})
}

func TestAPasswordChangeThatEndsNothingKeepsAllButRecoveryLinks(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		f := h.Begun(true)
		h.Redeem(f.Grant)
		other := h.SignIn(f.User)
		online := h.Grant(f.User, f.Client, f.Session, apps.ScopeOpenID)
		h.Redeem(online)
		storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, f.User.ID, []byte("link")))(h)
		storetest.Need(h.Links.Look(h.Ctx, []byte("link"), people.LinkRecovery))(h)
		h.Clock.Add(time.Second)
		out := storetest.Need(h.ChangePassword(f.User, h.PasswordChange(f.User, f.Session, false)))(h)
		if out.Ended != 0 || !h.Live(other) || !h.Live(out.Session) || h.Live(f.Session) {
			t.Errorf("%+v: the other lives: %v", out, h.Live(other))
		}
		if h.Dead(f.Grant) != "" || h.Dead(online) != "" {
			t.Errorf("offline %q, online of this session %q", h.Dead(f.Grant), h.Dead(online))
		}
		_, err := h.Links.Recover(h.Ctx, []byte("link"), "", []byte("by link"), nil)
		storetest.WantErr(t, err, storage.ErrLink)
		h.Sound()
	})
}

// Stored times are whole seconds, and clocks are set: a link must not take the password
// after it for the one that it was made with.
func TestEveryPasswordChangeIsAnotherOneToRecoveryLinks(t *testing.T) {
	for _, later := range []time.Duration{0, time.Second, -time.Second, -storetest.Day} {
		h := storetest.NewHouse(t)
		u := h.User("ada")
		v := h.SignIn(u)
		for i := range 4 {
			link := []byte{'l', byte(i)}
			storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, link))(h)
			h.Clock.Add(later)
			c := h.PasswordChange(u, v, false)
			c.New = []byte{'p', byte(i)}
			v = storetest.Need(h.ChangePassword(u, c))(h).Session
			for old := range i + 1 {
				if _, err := h.Links.Look(h.Ctx, []byte{'l', byte(old)}, people.LinkRecovery); err != storage.ErrLink {
					t.Errorf("changed %v later, for the time %d: link %d answers %v", later, i+1, old, err)
				}
			}
		}
	}
}

func TestOfAllPasswordChangesAndARecoveryAtOnceOneCounts(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		for round := range 5 {
			u := h.User("ada" + strconv.Itoa(round))
			v := h.SignIn(u)
			c := h.PasswordChange(u, v, round%2 == 0)
			storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte(u.Username)))(h)
			h.Clock.Add(time.Second)
			got := h.AtOnce(20, func(i int) string {
				if i == 0 {
					_, err := h.Links.Recover(h.Ctx, []byte(u.Username), "", []byte("by link"), nil)
					return storetest.Outcome(err)
				}
				c := c
				c.New = []byte("by change " + strconv.Itoa(i))
				_, err := h.ChangePassword(u, c)
				return storetest.Outcome(err)
			})
			if got["done"] != 1 || got["done"]+got[storage.ErrStale.Error()]+got[storage.ErrLink.Error()] != 20 {
				t.Errorf("%v", got)
			}
		}
		h.Sound()
	})
}

func TestAPasswordChangeIsRefusedOnceAnythingItRestsOnIsNotAsItWas(t *testing.T) {
	for name, meanwhile := range map[string]func(*storetest.House, *people.User, *people.Session) error{
		"another password": func(h *storetest.House, u *people.User, _ *people.Session) error {
			_, err := h.Users.SetPassword(h.Ctx, storage.Operator, u.ID, []byte("x"))
			return err
		},
		"no password": func(h *storetest.House, u *people.User, _ *people.Session) error {
			_, err := h.Users.SetPassword(h.Ctx, storage.Operator, u.ID, nil)
			return err
		},
		"the same, hashed anew": func(h *storetest.House, u *people.User, _ *people.Session) error {
			return h.Users.Rehash(h.Ctx, u.ID, u.Password, []byte("stronger"))
		},
		"disabled": func(h *storetest.House, u *people.User, _ *people.Session) error {
			_, err := h.Users.Disable(h.Ctx, storage.Operator, u.ID)
			return err
		},
		"deleted": func(h *storetest.House, u *people.User, _ *people.Session) error {
			return h.Users.Delete(h.Ctx, storage.Operator, u.ID)
		},
		"signed out": func(h *storetest.House, _ *people.User, v *people.Session) error {
			return h.Sessions.End(h.Ctx, storage.Operator, v.ID)
		},
		"signed in anew": func(h *storetest.House, u *people.User,
			v *people.Session) error {
			h.SignInAgain(u, v)
			return nil
		},
		"time": func(h *storetest.House, _ *people.User, _ *people.Session) error {
			h.Clock.Add(31 * storetest.Day)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			u := h.User("ada")
			v := h.SignIn(u)
			c := h.PasswordChange(u, v, true)
			h.Ok(meanwhile(h, u, v))
			before := h.Acts()
			_, err := h.ChangePassword(u, c)
			storetest.WantErr(t, err, storage.ErrStale)
			if len(h.Acts()) != len(before) {
				t.Errorf("%v", h.Acts())
			}
		})
	}
}

func TestAPasswordChangeIsTheUsersOwn(t *testing.T) {
	h := storetest.NewHouse(t)
	u, bob := h.User("ada"), h.User("bob")
	c := h.PasswordChange(u, h.SignIn(u), true)
	for _, by := range []storage.Actor{bob.Actor(storage.ViaPage, ""), h.Admin("root").Actor(storage.ViaPage, ""),
		storage.Operator, {}} {
		_, err := h.Users.ChangePassword(h.Ctx, by, c)
		storetest.WantErr(t, err, storage.ErrForbidden)
	}
	c.Session.Replaces = h.SignIn(bob).ID // a session, but not hers
	_, err := h.ChangePassword(u, c)
	storetest.WantErr(t, err, storage.ErrStale)
	c.Session.Replaces = storage.ID{}
	_, err = h.ChangePassword(u, c)
	storetest.WantErr(t, err, storage.ErrStale)
}

// A sign-in whose password was right a moment ago, and failures counted on the way.
func TestAPasswordChangeRefusesSignInsUnderWayAndTakesItsFailureBack(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	v := h.SignIn(u)
	set := storetest.Need(h.Settings.Get(h.Ctx))(h)
	count := func() time.Duration {
		return storetest.Need(h.Attempts.Count(h.Ctx, "ada", u, []byte("here")))(h)
	}
	for range set.Throttle.Failures {
		count()
	}
	if commits := h.Commits(func() {
		storetest.Need(h.ChangePassword(u,
			h.PasswordChange(u, v, true)))(h)
	}); commits != 1 {
		t.Errorf("%d commits", commits)
	}
	if wait := count(); wait != 0 {
		t.Errorf("the failures were not taken back: %v", wait)
	}
	_, err := h.Sessions.Start(h.Ctx, people.NewSession{User: u.ID, UserEpoch: u.Epoch})
	storetest.WantErr(t, err, storage.ErrStale)
}
