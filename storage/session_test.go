package storage

import (
	"slices"
	"testing"
	"time"
)

const day = 24 * time.Hour

func TestASessionEndsByIdlenessByAgeAndByHand(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	idle, ended, used := h.signIn(u), h.signIn(u), h.signIn(u)
	h.ok(h.Sessions.End(h.ctx, u.Actor(ViaPage, ""), ended.ID))
	if h.live(ended) || !h.live(idle) {
		t.Error("ending one session ended another, or none")
	}
	for range 29 {
		h.clock.add(day)
		if !h.live(used) {
			t.Fatal("a session that is used every day ended early")
		}
		h.ok(h.Sessions.Touch(h.ctx, used))
	}
	if h.live(idle) {
		t.Error("an idle session is alive")
	}
	h.clock.add(day - time.Second)
	if !h.live(used) {
		t.Error("the session ended before its absolute end")
	}
	h.clock.add(time.Second)
	if h.live(used) {
		t.Error("the session is alive past its absolute end")
	}
}

func TestNobodyIsSignedOutBeforeTheIdleTimeIsOver(t *testing.T) {
	h := newHouse(t)
	v := h.signIn(h.user("ada"))
	h.clock.add(7 * day)
	if !h.live(v) {
		t.Error("signed out early")
	}
	h.clock.add(time.Hour)
	if h.live(v) {
		t.Error("alive an hour after its end")
	}
}

func TestSigningInAgainReplacesTheBrowsersSession(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.user("ada"), h.user("bob")
	first, bobs := h.signIn(ada), h.signIn(bob)
	second := need(h.Sessions.Start(h.ctx, NewSession{User: ada.ID, Replaces: first.ID}))(h)
	if h.live(first) || !h.live(second) || first.ID == second.ID {
		t.Error("the replaced session is alive, or the new one is not")
	}
	need(h.Sessions.Start(h.ctx, NewSession{User: ada.ID, Replaces: bobs.ID}))(h)
	if !h.live(bobs) {
		t.Error("a sign-in ended somebody else's session")
	}
	h.clock.add(time.Hour)
	need(h.Sessions.Start(h.ctx, NewSession{User: ada.ID, Replaces: first.ID}))(h) // an old cookie
	ended := need(view(h.ctx, h.base, func(r reader) (*Session, error) { return h.base.sessions.get(r, key{}.id(first.ID)) }))(h).Ended
	if !ended.Equal(second.Created) {
		t.Errorf("an ended session ended again at %v", ended)
	}
	h.sound()
}

// Two tabs, or a form sent twice: both bring the session that the browser had. Whichever
// has the last turn stands for it and all that hangs on it, and nobody else does.
func TestOfThoseWhoSignInAgainAtOnceOneStandsForTheSession(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		f := h.redeemed()
		made := make(chan *Session, 20)
		got := h.atOnce(cap(made), func(int) string {
			v, err := h.Sessions.Start(h.ctx, NewSession{User: f.user.ID, Replaces: f.session.ID})
			made <- v
			return outcome(err)
		})
		if got["done"] != cap(made) {
			t.Fatal(got)
		}
		var live []*Session
		for range cap(made) {
			if v := <-made; v.Line() != f.session.ID {
				t.Error("a session has a line of its own")
			} else if h.live(v) {
				live = append(live, v)
			}
		}
		if len(live) != 1 || h.dead(f.grant) != "" {
			t.Fatalf("%d are alive, the grant %q", len(live), h.dead(f.grant))
		}
		h.ok(h.Sessions.End(h.ctx, f.user.Actor(ViaPage, ""), live[0].ID))
		if h.dead(f.grant) != DeadSession {
			t.Errorf("signed out, and the grant is %q", h.dead(f.grant))
		}
		if v := h.signInAgain(f.user, live[0]); v.Line() != v.ID || h.dead(f.grant) != DeadSession {
			t.Error("a sign-in after signing out revived the session")
		}
		h.sound()
	})
}

// A sign-out that a sign-in in another tab has overtaken.
func TestASignOutEndsWhatTheSessionWentOnAs(t *testing.T) {
	h := newHouse(t)
	f := h.redeemed()
	others := h.signIn(f.user)
	third := h.signInAgain(f.user, h.signInAgain(f.user, f.session))
	h.ok(h.Sessions.End(h.ctx, f.user.Actor(ViaPage, ""), f.session.ID))
	if h.live(third) || h.dead(f.grant) != DeadSession || !h.live(others) {
		t.Errorf("it lives: %v, the grant is %q, the other lives: %v", h.live(third), h.dead(f.grant), h.live(others))
	}
	before := len(h.acts())
	if n := h.commits(func() { h.ok(h.Sessions.End(h.ctx, Operator, f.session.ID, third.ID)) }); n != 0 || len(h.acts()) != before {
		t.Errorf("a second sign-out: %d commits, %v", n, h.acts())
	}
	h.sound()
}

// A session that goes on from another ends with the first of their line: grants hang
// on that one, and would be dead the moment they are made.
func TestALineOfSessionsEndsAsAWhole(t *testing.T) {
	for name, swept := range map[string]bool{"stored": false, "swept": true} {
		h := newHouse(t)
		u, c := h.user("ada"), h.client("demo")
		s, pass := h.sweeper()
		later := func(days int, v *Session) {
			for range days {
				pass(day)
				h.ok(h.Sessions.Touch(h.ctx, v))
			}
		}
		first := h.signIn(u)
		later(20, first)
		second := h.signInAgain(u, first)
		later(9, second)
		if g := h.grant(u, c, second, ScopeOpenID); h.redeem(g).Access == nil {
			t.Errorf("%s: before the first one's end a grant is dead", name)
		}
		later(1, second)
		if swept {
			pass(2 * day)
			h.pass(s)
		}
		if h.live(second) {
			t.Errorf("%s: the session outlives its line", name)
		}
		third := h.signInAgain(u, second) // from an old cookie
		if g := h.grant(u, c, third, ScopeOpenID); third.Line() != third.ID || h.redeem(g).Access == nil {
			t.Errorf("%s: a new sign-in goes on with a line that is over", name)
		}
		h.sound()
	}
}

func TestUsingASessionIsWrittenOnceAnHour(t *testing.T) {
	h := newHouse(t)
	v := h.signIn(h.user("ada"))
	touch := func() { h.ok(h.Sessions.Touch(h.ctx, need(h.Sessions.Live(h.ctx, []ID{v.ID}))(h)[0].Session)) }
	if n := h.commits(func() {
		for range 30 { // half an hour, within the hour of the sign-in
			h.clock.add(time.Minute)
			touch()
		}
	}); n != 0 {
		t.Errorf("%d commits in the hour of the sign-in", n)
	}
	if n := h.commits(func() {
		for range 24 * 60 {
			h.clock.add(time.Minute)
			touch()
		}
	}); n != 24 {
		t.Errorf("%d commits in a day of constant use", n)
	}
	stale := *v // as another replica read it long ago
	if n := h.commits(func() { h.ok(h.Sessions.Touch(h.ctx, &stale)) }); n != 0 {
		t.Errorf("%d commits for what is noted already", n)
	}
}

func TestUsingASessionThatIsOverDoesNotReviveIt(t *testing.T) {
	for name, end := range map[string]func(*house, *Session){
		"idle":  func(h *house, _ *Session) { h.clock.add(8 * day) },
		"ended": func(h *house, v *Session) { h.ok(h.Sessions.End(h.ctx, Operator, v.ID)); h.clock.add(2 * time.Hour) },
		"user disabled": func(h *house, v *Session) {
			need(h.Users.Disable(h.ctx, Operator, v.User))(h)
			h.clock.add(2 * time.Hour)
		},
	} {
		h := newHouse(t)
		v := h.signIn(h.user("ada"))
		end(h, v)
		if n := h.commits(func() { h.ok(h.Sessions.Touch(h.ctx, v)) }); n != 0 || h.live(v) {
			t.Errorf("%s: %d commits, alive: %v", name, n, h.live(v))
		}
	}
}

func TestLiveKeepsTheOrderItWasAskedIn(t *testing.T) {
	h := newHouse(t)
	var ids []ID
	for _, name := range []string{"zoe", "ada", "max"} {
		ids = append(ids, h.signIn(h.user(name)).ID)
	}
	slices.Reverse(ids)
	h.ok(h.Sessions.End(h.ctx, Operator, ids[1]))
	live := need(h.Sessions.Live(h.ctx, []ID{ids[0], {}, ids[1], h.Users.NewID(), ids[2]}))(h)
	if len(live) != 2 || live[0].User.Username != "max" || live[1].User.Username != "zoe" ||
		live[0].Session.ID != ids[0] || live[1].Session.ID != ids[2] {
		t.Errorf("%+v", live)
	}
}

func TestEndingSessionsIsAllOrNothing(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.user("ada"), h.user("bob")
	hers, his := h.signIn(ada), h.signIn(bob)
	wantErr(t, h.Sessions.End(h.ctx, ada.Actor(ViaPage, ""), hers.ID, his.ID), ErrForbidden)
	if !h.live(hers) || !h.live(his) {
		t.Error("a refused call ended a session")
	}
	h.ok(h.Sessions.End(h.ctx, ada.Actor(ViaPage, ""), hers.ID, h.Users.NewID(), hers.ID))
	if n := h.commits(func() { h.ok(h.Sessions.End(h.ctx, ada.Actor(ViaPage, ""), hers.ID)) }); n != 0 {
		t.Errorf("ending an ended session: %d commits", n)
	}
	outs := 0
	for _, act := range h.acts() {
		if act == ActSignOut {
			outs++
		}
	}
	if outs != 1 {
		t.Errorf("%d sign-outs in the audit trail", outs)
	}
}

func TestAUsersSessionsAreListedNewestFirstAndInPages(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.user("ada"), h.user("bob")
	var want []ID
	for i := range 7 {
		h.clock.add(time.Second)
		v := h.signIn(ada)
		h.signIn(bob)
		if i%3 == 1 {
			h.ok(h.Sessions.End(h.ctx, Operator, v.ID))
			continue
		}
		want = append([]ID{v.ID}, want...)
	}
	var got []ID
	for after := []byte(nil); ; {
		page, next, err := h.Sessions.OfUser(h.ctx, ada.ID, after, 2)
		h.ok(err)
		for _, v := range page {
			got = append(got, v.Session.ID)
		}
		if after = next; after == nil {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", names(got), names(want))
	}
	need(h.Users.Disable(h.ctx, Operator, ada.ID))(h)
	if page, _, err := h.Sessions.OfUser(h.ctx, ada.ID, nil, 100); err != nil || len(page) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}
