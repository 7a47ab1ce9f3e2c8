package storage

import (
	"strconv"
	"testing"
	"time"
)

// passwordChange is what a page sends from a session of u.
func (h *house) passwordChange(u *User, v *Session, endOthers bool) PasswordChange {
	h.t.Helper()
	u = need(h.Users.Get(h.ctx, u.ID))(h)
	return PasswordChange{Old: u.Password, New: []byte("sealed anew"), EndOthers: endOthers,
		Session: NewSession{User: u.ID, UserEpoch: u.Epoch, Replaces: v.ID, Browser: []byte("here"), AMR: []string{"pwd"}}}
}

func (h *house) changePassword(u *User, c PasswordChange) (*PasswordChanged, error) {
	return h.Users.ChangePassword(h.ctx, u.Actor(ViaPage, "r1"), c)
}

func TestAPasswordChangeEndsAllElsewhereAndThisBrowserGoesOn(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		f, bobs := h.begun(true), h.signIn(h.user("bob"))
		h.redeem(f.grant) // for the time the user is away
		others := []*Session{h.signIn(f.user), h.signIn(f.user), h.signIn(f.user)}
		h.ok(h.Sessions.End(h.ctx, Operator, others[2].ID))
		online := h.grant(f.user, f.client, others[0], ScopeOpenID)
		h.redeem(online)
		need(h.Links.Create(h.ctx, Operator, LinkRecovery, f.user.ID, []byte("link")))(h)
		h.clock.add(time.Second)

		out := need(h.changePassword(f.user, h.passwordChange(f.user, f.session, true)))(h)
		if out.Ended != 2 {
			t.Errorf("%d others ended, want 2", out.Ended)
		}
		for i, v := range append(others, f.session) { // the old id of this one is worthless too
			if h.live(v) {
				t.Errorf("session %d lives", i)
			}
		}
		if !h.live(out.Session) || out.Session.Line() != f.session.Line() || !h.live(bobs) {
			t.Error("this browser's session does not go on, or somebody else's ended")
		}
		if h.dead(f.grant) != DeadUser || h.dead(online) != DeadUser {
			t.Errorf("offline %q, online %q", h.dead(f.grant), h.dead(online))
		}
		_, err := h.Links.Look(h.ctx, []byte("link"), LinkRecovery)
		wantErr(t, err, ErrLink)
		u := need(h.Users.Get(h.ctx, f.user.ID))(h)
		if string(u.Password) != "sealed anew" || !u.PasswordChanged.Equal(u.Updated) || u.PasswordChanged.Equal(f.user.PasswordChanged) || u.Revision != f.user.Revision+1 {
			t.Errorf("%+v", u)
		}
		again := h.grant(u, f.client, out.Session, ScopeOpenID)
		if h.redeem(again); h.dead(again) != "" {
			t.Errorf("a new grant is dead: %q", h.dead(again))
		}
		event := h.lastEvent(ActPasswordChanged)
		if event.User != u.ID || event.By != u.ID || event.Detail != "everywhere else: 2" || event.RequestID != "r1" {
			t.Errorf("%+v", event)
		}
		h.sound()
	})
}

// lastEvent is the newest event of an act.
func (h *house) lastEvent(act Act) *Event {
	h.t.Helper()
	events, _, err := h.Audit.List(h.ctx, nil, 1000)
	h.ok(err)
	for _, e := range events {
		if e.Act == act {
			return e
		}
	}
	h.t.Fatalf("no %s in %v", act, h.acts())
	return nil
}

func TestAPasswordChangeThatEndsNothingKeepsAllButRecoveryLinks(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		f := h.begun(true)
		h.redeem(f.grant)
		other := h.signIn(f.user)
		online := h.grant(f.user, f.client, f.session, ScopeOpenID)
		h.redeem(online)
		need(h.Links.Create(h.ctx, Operator, LinkRecovery, f.user.ID, []byte("link")))(h)
		need(h.Links.Look(h.ctx, []byte("link"), LinkRecovery))(h)
		h.clock.add(time.Second)
		out := need(h.changePassword(f.user, h.passwordChange(f.user, f.session, false)))(h)
		if out.Ended != 0 || !h.live(other) || !h.live(out.Session) || h.live(f.session) {
			t.Errorf("%+v: the other lives: %v", out, h.live(other))
		}
		if h.dead(f.grant) != "" || h.dead(online) != "" {
			t.Errorf("offline %q, online of this session %q", h.dead(f.grant), h.dead(online))
		}
		_, err := h.Links.Recover(h.ctx, []byte("link"), "", []byte("by link"), nil)
		wantErr(t, err, ErrLink)
		h.sound()
	})
}

// Stored times are whole seconds, and clocks are set: a link must not take the password
// after it for the one that it was made with.
func TestEveryPasswordChangeIsAnotherOneToRecoveryLinks(t *testing.T) {
	for _, later := range []time.Duration{0, time.Second, -time.Second, -day} {
		h := newHouse(t)
		u := h.user("ada")
		v := h.signIn(u)
		for i := range 4 {
			link := []byte{'l', byte(i)}
			need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, link))(h)
			h.clock.add(later)
			c := h.passwordChange(u, v, false)
			c.New = []byte{'p', byte(i)}
			v = need(h.changePassword(u, c))(h).Session
			for old := range i + 1 {
				if _, err := h.Links.Look(h.ctx, []byte{'l', byte(old)}, LinkRecovery); err != ErrLink {
					t.Errorf("changed %v later, for the time %d: link %d answers %v", later, i+1, old, err)
				}
			}
		}
	}
}

func TestOfAllPasswordChangesAndARecoveryAtOnceOneCounts(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		for round := range 5 {
			u := h.user("ada" + strconv.Itoa(round))
			v := h.signIn(u)
			c := h.passwordChange(u, v, round%2 == 0)
			need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte(u.Username)))(h)
			h.clock.add(time.Second)
			got := h.atOnce(20, func(i int) string {
				if i == 0 {
					_, err := h.Links.Recover(h.ctx, []byte(u.Username), "", []byte("by link"), nil)
					return outcome(err)
				}
				c := c
				c.New = []byte("by change " + strconv.Itoa(i))
				_, err := h.changePassword(u, c)
				return outcome(err)
			})
			if got["done"] != 1 || got["done"]+got[ErrStale.Error()]+got[ErrLink.Error()] != 20 {
				t.Errorf("%v", got)
			}
		}
		h.sound()
	})
}

func TestAPasswordChangeIsRefusedOnceAnythingItRestsOnIsNotAsItWas(t *testing.T) {
	for name, meanwhile := range map[string]func(*house, *User, *Session) error{
		"another password": func(h *house, u *User, _ *Session) error {
			_, err := h.Users.SetPassword(h.ctx, Operator, u.ID, []byte("x"))
			return err
		},
		"no password": func(h *house, u *User, _ *Session) error {
			_, err := h.Users.SetPassword(h.ctx, Operator, u.ID, nil)
			return err
		},
		"the same, hashed anew": func(h *house, u *User, _ *Session) error {
			return h.Users.Rehash(h.ctx, u.ID, u.Password, []byte("stronger"))
		},
		"disabled": func(h *house, u *User, _ *Session) error {
			_, err := h.Users.Disable(h.ctx, Operator, u.ID)
			return err
		},
		"deleted":        func(h *house, u *User, _ *Session) error { return h.Users.Delete(h.ctx, Operator, u.ID) },
		"signed out":     func(h *house, _ *User, v *Session) error { return h.Sessions.End(h.ctx, Operator, v.ID) },
		"signed in anew": func(h *house, u *User, v *Session) error { h.signInAgain(u, v); return nil },
		"time":           func(h *house, _ *User, _ *Session) error { h.clock.add(31 * day); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			u := h.user("ada")
			v := h.signIn(u)
			c := h.passwordChange(u, v, true)
			h.ok(meanwhile(h, u, v))
			before := h.acts()
			_, err := h.changePassword(u, c)
			wantErr(t, err, ErrStale)
			if len(h.acts()) != len(before) {
				t.Errorf("%v", h.acts())
			}
		})
	}
}

func TestAPasswordChangeIsTheUsersOwn(t *testing.T) {
	h := newHouse(t)
	u, bob := h.user("ada"), h.user("bob")
	c := h.passwordChange(u, h.signIn(u), true)
	for _, by := range []Actor{bob.Actor(ViaPage, ""), h.admin("root").Actor(ViaPage, ""), Operator, {}} {
		_, err := h.Users.ChangePassword(h.ctx, by, c)
		wantErr(t, err, ErrForbidden)
	}
	c.Session.Replaces = h.signIn(bob).ID // a session, but not hers
	_, err := h.changePassword(u, c)
	wantErr(t, err, ErrStale)
	c.Session.Replaces = ID{}
	_, err = h.changePassword(u, c)
	wantErr(t, err, ErrStale)
}

// A sign-in whose password was right a moment ago, and failures counted on the way.
func TestAPasswordChangeRefusesSignInsUnderWayAndTakesItsFailureBack(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	v := h.signIn(u)
	set := need(h.Settings.Get(h.ctx))(h)
	count := func() time.Duration {
		return need(h.Attempts.Count(h.ctx, "ada", u, []byte("here")))(h)
	}
	for range set.Throttle.Failures {
		count()
	}
	if commits := h.commits(func() { need(h.changePassword(u, h.passwordChange(u, v, true)))(h) }); commits != 1 {
		t.Errorf("%d commits", commits)
	}
	if wait := count(); wait != 0 {
		t.Errorf("the failures were not taken back: %v", wait)
	}
	_, err := h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch})
	wantErr(t, err, ErrStale)
}
