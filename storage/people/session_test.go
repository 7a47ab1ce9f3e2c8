package people_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestASessionEndsByIdlenessByAgeAndByHand(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	idle, ended, used := h.SignIn(u), h.SignIn(u), h.SignIn(u)
	h.Ok(h.Sessions.End(h.Ctx, u.Actor(storage.ViaPage, ""), ended.ID))
	if h.Live(ended) || !h.Live(idle) {
		t.Error("ending one session ended another, or none")
	}
	for range 29 {
		h.Clock.Add(storetest.Day)
		if !h.Live(used) {
			t.Fatal("a session that is used every day ended early")
		}
		h.Ok(h.Sessions.Touch(h.Ctx, used))
	}
	if h.Live(idle) {
		t.Error("an idle session is alive")
	}
	h.Clock.Add(storetest.Day - time.Second)
	if !h.Live(used) {
		t.Error("the session ended before its absolute end")
	}
	h.Clock.Add(time.Second)
	if h.Live(used) {
		t.Error("the session is alive past its absolute end")
	}
}

func TestNobodyIsSignedOutBeforeTheIdleTimeIsOver(t *testing.T) {
	h := storetest.NewHouse(t)
	v := h.SignIn(h.User("ada"))
	h.Clock.Add(7 * storetest.Day)
	if !h.Live(v) {
		t.Error("signed out early")
	}
	h.Clock.Add(time.Hour)
	if h.Live(v) {
		t.Error("alive an hour after its end")
	}
}

func TestSigningInAgainReplacesTheBrowsersSession(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, bob := h.User("ada"), h.User("bob")
	first, bobs := h.SignIn(ada), h.SignIn(bob)
	second := storetest.Need(h.Sessions.Start(h.Ctx, people.NewSession{User: ada.ID, Replaces: first.ID}))(h)
	if h.Live(first) || !h.Live(second) || first.ID == second.ID {
		t.Error("the replaced session is alive, or the new one is not")
	}
	storetest.Need(h.Sessions.Start(h.Ctx, people.NewSession{User: ada.ID, Replaces: bobs.ID}))(h)
	if !h.Live(bobs) {
		t.Error("a sign-in ended somebody else's session")
	}
	h.Clock.Add(time.Hour)
	storetest.Need(h.Sessions.Start(h.Ctx, people.NewSession{User: ada.ID, Replaces: first.ID}))(h) // an old cookie
	ended := storetest.Need(table.View(h.Ctx, h.Floors.DB, func(r storetest.Reader) (*people.Session, error) {
		return h.Floors.People.Sessions.Get(r, table.Key{}.ID(first.ID))
	}))(h).Ended
	if !ended.Equal(second.Created) {
		t.Errorf("an ended session ended again at %v", ended)
	}
	h.Sound()
}

// Two tabs, or a form sent twice: both bring the session that the browser had. Whichever
// has the last turn stands for it and all that hangs on it, and nobody else does.
func TestOfThoseWhoSignInAgainAtOnceOneStandsForTheSession(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		f := h.Redeemed()
		made := make(chan *people.Session, 20)
		got := h.AtOnce(cap(made), func(int) string {
			v, err := h.Sessions.Start(h.Ctx, people.NewSession{User: f.User.ID, Replaces: f.Session.ID})
			made <- v
			return storetest.Outcome(err)
		})
		if got["done"] != cap(made) {
			t.Fatal(got)
		}
		var live []*people.Session
		for range cap(made) {
			if v := <-made; v.Line() != f.Session.ID {
				t.Error("a session has a line of its own")
			} else if h.Live(v) {
				live = append(live, v)
			}
		}
		if len(live) != 1 || h.Dead(f.Grant) != "" {
			t.Fatalf("%d are alive, the grant %q", len(live), h.Dead(f.Grant))
		}
		h.Ok(h.Sessions.End(h.Ctx, f.User.Actor(storage.ViaPage, ""), live[0].ID))
		if h.Dead(f.Grant) != apps.DeadSession {
			t.Errorf("signed out, and the grant is %q", h.Dead(f.Grant))
		}
		if v := h.SignInAgain(f.User, live[0]); v.Line() != v.ID || h.Dead(f.Grant) != apps.DeadSession {
			t.Error("a sign-in after signing out revived the session")
		}
		h.Sound()
	})
}

// A sign-out that a sign-in in another tab has overtaken.
func TestASignOutEndsWhatTheSessionWentOnAs(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Redeemed()
	others := h.SignIn(f.User)
	third := h.SignInAgain(f.User, h.SignInAgain(f.User, f.Session))
	h.Ok(h.Sessions.End(h.Ctx, f.User.Actor(storage.ViaPage, ""), f.Session.ID))
	if h.Live(third) || h.Dead(f.Grant) != apps.DeadSession || !h.Live(others) {
		t.Errorf("it lives: %v, the grant is %q, the other lives: %v", h.Live(third), h.Dead(f.Grant), h.Live(others))
	}
	before := len(h.Acts())
	if n := h.Commits(func() { h.Ok(h.Sessions.End(h.Ctx, storage.Operator, f.Session.ID, third.ID)) }); n != 0 ||
		len(h.Acts()) != before {
		t.Errorf("a second sign-out: %d commits, %v", n, h.Acts())
	}
	h.Sound()
}

// A session that goes on from another ends with the first of their line: grants hang
// on that one, and would be dead the moment they are made.
func TestALineOfSessionsEndsAsAWhole(t *testing.T) {
	for name, swept := range map[string]bool{"stored": false, "swept": true} {
		h := storetest.NewHouse(t)
		u, c := h.User("ada"), h.Client("demo")
		s, pass := h.Sweeper()
		later := func(days int, v *people.Session) {
			for range days {
				pass(storetest.Day)
				h.Ok(h.Sessions.Touch(h.Ctx, v))
			}
		}
		first := h.SignIn(u)
		later(20, first)
		second := h.SignInAgain(u, first)
		later(9, second)
		if g := h.Grant(u, c, second, apps.ScopeOpenID); h.Redeem(g).Access == nil {
			t.Errorf("%s: before the first one's end a grant is dead", name)
		}
		later(1, second)
		if swept {
			pass(2 * storetest.Day)
			h.Pass(s)
		}
		if h.Live(second) {
			t.Errorf("%s: the session outlives its line", name)
		}
		third := h.SignInAgain(u, second) // from an old cookie
		if g := h.Grant(u, c, third, apps.ScopeOpenID); third.Line() != third.ID || h.Redeem(g).Access == nil {
			t.Errorf("%s: a new sign-in goes on with a line that is over", name)
		}
		h.Sound()
	}
}

func TestUsingASessionIsWrittenOnceAnHour(t *testing.T) {
	h := storetest.NewHouse(t)
	v := h.SignIn(h.User("ada"))
	touch := func() {
		h.Ok(h.Sessions.Touch(h.Ctx, storetest.Need(h.Sessions.Live(h.Ctx, []storage.ID{v.ID}))(h)[0].Session))
	}
	if n := h.Commits(func() {
		for range 30 { // half an hour, within the hour of the sign-in
			h.Clock.Add(time.Minute)
			touch()
		}
	}); n != 0 {
		t.Errorf("%d commits in the hour of the sign-in", n)
	}
	if n := h.Commits(func() {
		for range 24 * 60 {
			h.Clock.Add(time.Minute)
			touch()
		}
	}); n != 24 {
		t.Errorf("%d commits in a day of constant use", n)
	}
	stale := *v // as another replica read it long ago
	if n := h.Commits(func() { h.Ok(h.Sessions.Touch(h.Ctx, &stale)) }); n != 0 {
		t.Errorf("%d commits for what is noted already", n)
	}
}

func TestUsingASessionThatIsOverDoesNotReviveIt(t *testing.T) {
	for name, end := range map[string]func(*storetest.House, *people.Session){
		"idle": func(h *storetest.House, _ *people.Session) { h.Clock.Add(8 * storetest.Day) },
		"ended": func(h *storetest.House, v *people.Session) {
			h.Ok(h.Sessions.End(h.Ctx, storage.Operator, v.ID))
			h.Clock.Add(2 * time.Hour)
		},
		"user disabled": func(h *storetest.House, v *people.Session) {
			storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, v.User))(h)
			h.Clock.Add(2 * time.Hour)
		},
	} {
		h := storetest.NewHouse(t)
		v := h.SignIn(h.User("ada"))
		end(h, v)
		if n := h.Commits(func() { h.Ok(h.Sessions.Touch(h.Ctx, v)) }); n != 0 || h.Live(v) {
			t.Errorf("%s: %d commits, alive: %v", name, n, h.Live(v))
		}
	}
}

func TestLiveKeepsTheOrderItWasAskedIn(t *testing.T) {
	h := storetest.NewHouse(t)
	var ids []storage.ID
	for _, name := range []string{"zoe", "ada", "max"} {
		ids = append(ids, h.SignIn(h.User(name)).ID)
	}
	slices.Reverse(ids)
	h.Ok(h.Sessions.End(h.Ctx, storage.Operator, ids[1]))
	live := storetest.Need(h.Sessions.Live(h.Ctx, []storage.ID{ids[0], {}, ids[1], h.Users.NewID(), ids[2]}))(h)
	if len(live) != 2 || live[0].User.Username != "max" || live[1].User.Username != "zoe" ||
		live[0].Session.ID != ids[0] || live[1].Session.ID != ids[2] {
		t.Errorf("%+v", live)
	}
}

func TestEndingSessionsIsAllOrNothing(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, bob := h.User("ada"), h.User("bob")
	hers, his := h.SignIn(ada), h.SignIn(bob)
	storetest.WantErr(t, h.Sessions.End(h.Ctx, ada.Actor(storage.ViaPage, ""), hers.ID, his.ID), storage.ErrForbidden)
	if !h.Live(hers) || !h.Live(his) {
		t.Error("a refused call ended a session")
	}
	h.Ok(h.Sessions.End(h.Ctx, ada.Actor(storage.ViaPage, ""), hers.ID, h.Users.NewID(), hers.ID))
	if n := h.Commits(func() { h.Ok(h.Sessions.End(h.Ctx, ada.Actor(storage.ViaPage, ""), hers.ID)) }); n != 0 {
		t.Errorf("ending an ended session: %d commits", n)
	}
	outs := 0
	for _, act := range h.Acts() {
		if act == audit.ActSignOut {
			outs++
		}
	}
	if outs != 1 {
		t.Errorf("%d sign-outs in the audit trail", outs)
	}
}

func TestAUsersSessionsAreListedNewestFirstAndInPages(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, bob := h.User("ada"), h.User("bob")
	var want []storage.ID
	for i := range 7 {
		h.Clock.Add(time.Second)
		v := h.SignIn(ada)
		h.SignIn(bob)
		if i%3 == 1 {
			h.Ok(h.Sessions.End(h.Ctx, storage.Operator, v.ID))
			continue
		}
		want = append([]storage.ID{v.ID}, want...)
	}
	var got []storage.ID
	for after := []byte(nil); ; {
		page, next, err := h.Sessions.OfUser(h.Ctx, ada.ID, after, 2)
		h.Ok(err)
		for _, v := range page {
			got = append(got, v.Session.ID)
		}
		if after = next; after == nil {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", storetest.Names(got), storetest.Names(want))
	}
	storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, ada.ID))(h)
	if page, _, err := h.Sessions.OfUser(h.Ctx, ada.ID, nil, 100); err != nil || len(page) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}
