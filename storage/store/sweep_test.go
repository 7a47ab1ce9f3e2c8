package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestTheSweeperTakesWhatHasBeenOverForADay(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		u, c := h.User("ada"), h.Client("demo")
		v, ended := h.SignIn(u), h.SignIn(u)
		g := h.Grant(u, c, v, apps.ScopeOpenID)
		h.Redeem(g)
		storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte("link")))(h)
		h.Ok(h.Sessions.End(h.Ctx, storage.Operator, ended.ID))
		s, pass := h.Sweeper()
		at := func(name string, sessions, granted, links int) {
			t.Helper()
			h.Pass(s)
			if a, b, c := h.Count(table.SpaceSessions), h.Count(table.SpaceGrants),
				h.Count(table.SpaceLinks); a != sessions || b != granted || c != links {
				t.Errorf("%s: %d sessions, %d grants, %d links", name, a, b, c)
			}
			if a, b := h.Count(table.SpaceSessionsByUser), h.Count(table.SpaceGrantStates); a != sessions ||
				b != granted {
				t.Errorf("%s: %d index entries, %d states", name, a, b)
			}
			h.Sound()
		}
		at("at once", 2, 1, 1)
		pass(storetest.Day)
		at("a day later", 2, 1, 1)
		pass(time.Second)
		at("and a second", 1, 1, 1)
		pass(time.Hour)
		at("an hour after the link's day", 1, 1, 0)
		pass(time.Minute)
		at("and a minute: the grant's", 1, 0, 0)
		pass(30*storetest.Day - time.Hour - time.Minute - 2*time.Second)
		at("within a day of the session's end", 1, 0, 0)
		pass(time.Second)
		at("after it", 0, 0, 0)
	})
}

func TestTheSweeperPausesWhenTheWallClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{6 * time.Minute, -6 * time.Minute, 365 * storetest.Day} {
		h := storetest.NewHouse(t)
		u := h.User("ada")
		h.Ok(h.Sessions.End(h.Ctx, storage.Operator, h.SignIn(u).ID))
		s, pass := h.Sweeper()
		pass(2 * storetest.Day)
		h.Clock.Add(jump)
		if !s.Paused() || h.Tick(s) != 0 || h.Count(table.SpaceSessions) != 1 {
			t.Errorf("%v: not paused", jump)
		}
		pass(23 * time.Hour)
		if !s.Paused() || h.Tick(s) != 0 {
			t.Errorf("%v: not paused for a day", jump)
		}
		h.Clock.Add(-jump) // mended: which is another jump
		h.Tick(s)
		pass(23 * time.Hour)
		if !s.Paused() || h.Tick(s) != 0 {
			t.Errorf("%v: not paused after the mending", jump)
		}
		pass(time.Hour)
		if s.Paused() || h.Tick(s) != 1 {
			t.Errorf("%v: paused for ever", jump)
		}
	}
	h := storetest.NewHouse(t)
	s, pass := h.Sweeper()
	pass(400 * storetest.Day)
	h.Clock.Add(4 * time.Minute) // slewed
	if s.Paused() {
		t.Error("paused without a jump")
	}
}

func TestAClockThatJumpsWhileASweepBeginsDeletesNothing(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Ok(h.Sessions.End(h.Ctx, storage.Operator, h.SignIn(h.User("ada")).ID))
	jump := time.Duration(0)
	s := h.NewSweeper(func() store.Uptime {
		h.Clock.Add(jump) // just after the clocks were compared
		return store.Uptime{}
	})
	jump = 365 * storetest.Day
	if n := h.Tick(s); n != 0 || h.Count(table.SpaceSessions) != 1 {
		t.Errorf("%d deleted", n)
	}
}

func TestTheSweeperWalksOverAsManySlicesAsThereAre(t *testing.T) {
	h := storetest.HouseOver(t, memory.New(memory.Options{}), store.Options{})
	const dead, alive = 3*table.SweepSlice + 7, store.SweepLook*table.SweepSlice + 3
	links := func(n int, expires time.Time) {
		for i := 0; i < n; i += 1000 {
			h.Plant(func(f *store.Floors, w storetest.Writer) error {
				for range min(1000, n-i) {
					id := h.Grants.NewID()
					if err := f.People.Links.Put(w,
						&people.Link{Hash: id[:], Kind: people.LinkSetUp, Expires: expires}); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	now := h.Clock.Now()
	links(alive, now.Add(30*storetest.Day)) // in front, by their ids
	h.Clock.Add(time.Second)
	links(dead, now.Add(time.Hour))
	s, pass := h.Sweeper()
	pass(2 * storetest.Day)
	if n := h.Tick(s); n != 0 {
		t.Errorf("the first tick went over more than its part: %d", n)
	}
	h.Tick(s) // goes on behind the living
	if n := h.Count(table.SpaceLinks); n != alive {
		t.Errorf("%d links, of which %d are alive", n, alive)
	}
	pass(30 * storetest.Day)
	if n := h.Tick(s); n != alive || h.Count(table.SpaceLinks) != 0 {
		t.Errorf("%d deleted, %d left", n, h.Count(table.SpaceLinks))
	}
}

// A client leaves them as fast as it can call: what a tick left for the next one would
// be more each minute.
func TestOneTickTakesAllThatIsOverAtTheFront(t *testing.T) {
	h := storetest.HouseOver(t, memory.New(memory.Options{}), store.Options{})
	const many = store.MaxSweep*table.SweepSlice + 10
	expires := h.Clock.Now().Add(time.Hour)
	for i := 0; i < many; i += 5000 {
		h.Plant(func(f *store.Floors, w storetest.Writer) error {
			for k := i; k < min(i+5000, many); k++ {
				if err := f.Apps.Denied.Put(w,
					&apps.Denied{Expires: expires, Token: []byte{byte(k), byte(k >> 8), byte(k >> 16)}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		return f.Apps.Denied.Put(w, &apps.Denied{Expires: expires.Add(30 * storetest.Day), Token: []byte("longer")})
	})
	s, pass := h.Sweeper()
	pass(2 * storetest.Day)
	if n := h.Tick(s); n != many || h.Count(table.SpaceDenied) != 1 {
		t.Errorf("%d deleted, %d left", n, h.Count(table.SpaceDenied))
	}
}

func TestTheSweeperPassesOverWhatItCannotRead(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	h.Ok(h.Sessions.End(h.Ctx, storage.Operator, h.SignIn(u).ID))
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		return w.Put(f.People.Sessions.FullKey(table.Key{}.ID(storage.ID{})), []byte("rubbish"))
	})
	s, pass := h.Sweeper()
	pass(2 * storetest.Day)
	if n := h.Tick(s); n != 1 || h.Count(table.SpaceSessions) != 1 {
		t.Errorf("%d deleted, %d left", n, h.Count(table.SpaceSessions))
	}
}

func TestWhatCannotBeReadHoldsUpNothingBehindIt(t *testing.T) {
	h := storetest.NewHouse(t)
	const many = 3 * table.SweepSlice
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		for i := range many {
			d := &apps.Denied{Expires: h.Clock.Now().Add(time.Hour), Token: []byte{byte(i), byte(i >> 8)}}
			if err := f.Apps.Denied.Put(w, d); err != nil {
				return err
			}
			if i == 0 {
				if err := w.Put(f.Apps.Denied.FullKey(f.Apps.Denied.Key(d)), []byte("rubbish")); err != nil {
					return err
				}
			}
		}
		return nil
	})
	s, pass := h.Sweeper()
	pass(2 * storetest.Day)
	if n := h.Tick(s); n != many-1 || h.Count(table.SpaceDenied) != 1 {
		t.Errorf("%d deleted, %d left", n, h.Count(table.SpaceDenied))
	}
}

func TestTheSweeperDeletesWhatItLookedAtAndNothingElse(t *testing.T) {
	h := storetest.NewHouse(t)
	h.SetUpLink("link")
	h.Plant(func(f *store.Floors, w storetest.Writer) error { // a copy under a wrong key, long expired
		raw, err := table.Encode(&people.Link{Hash: []byte("link"), Kind: people.LinkSetUp,
			Expires: h.Clock.Now().Add(-30 * storetest.Day)})
		return errors.Join(err, w.Put(f.People.Links.FullKey(table.Key("wrong")), raw))
	})
	s, _ := h.Sweeper()
	if n := h.Tick(s); n != 1 {
		t.Errorf("%d deleted", n)
	}
	storetest.Need(h.Links.Look(h.Ctx, []byte("link"), people.LinkSetUp))(h)
}

// For a day, whoever mistyped a lifetime can take it back and has lost nothing.
func TestASettingDeletesNothingBeforeItHasStoodForADay(t *testing.T) {
	set := func(name, value string) func(*storetest.House) {
		return func(h *storetest.House) {
			h.Ok(h.Settings.Change(h.Ctx, storage.Operator, []policy.SettingChange{storetest.Change(name, value)}))
		}
	}
	own := func(idle uint32) func(*storetest.House) {
		return func(h *storetest.House) {
			m := storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h).Metadata
			m.RefreshTokenIdle = idle
			storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m))(h)
		}
	}
	for name, c := range map[string]struct {
		mistype, mend func(*storetest.House)
		space         byte
	}{
		"refresh_idle": {set("lifetimes.refresh_idle", "300"), set("lifetimes.refresh_idle", "null"),
			table.SpaceGrants},
		"session_absolute": {set("lifetimes.session_absolute", "300"), set("lifetimes.session_absolute", "null"),
			table.SpaceSessions},
		"audit_retention": {set("audit_retention_seconds", "86400"), set("audit_retention_seconds", "null"),
			table.SpaceAudit},
		"a client's own": {own(300), own(0), table.SpaceGrants},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			h.Refreshable()
			s, pass := h.Sweeper()
			pass(5 * storetest.Day)
			left := h.Count(c.space)
			c.mistype(h)
			pass(storetest.Day - time.Second)
			if h.Pass(s); h.Count(c.space) < left {
				t.Errorf("%d left of %d within a day", h.Count(c.space), left)
			}
			c.mend(h)
			pass(2 * storetest.Day)
			if h.Pass(s); h.Count(c.space) < left {
				t.Errorf("%d left of %d after it was taken back", h.Count(c.space), left)
			}
			c.mistype(h)
			pass(storetest.Day + time.Second)
			if h.Pass(s); h.Count(c.space) >= left {
				t.Errorf("%d left of %d although it was meant", h.Count(c.space), left)
			}
		})
	}
}

func TestTheAuditTrailIsKeptForItsTime(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	s, pass := h.Sweeper()
	pass(200 * storetest.Day)
	h.SignIn(u)
	pass(166*storetest.Day - time.Second)
	if h.Pass(s); h.Acts()[0] != audit.ActUserCreated {
		t.Error("an event is gone early")
	}
	pass(2 * time.Second)
	h.Pass(s)
	if acts := h.Acts(); len(acts) != 1 || acts[0] != audit.ActSignIn {
		t.Errorf("%v", acts)
	}
	if events, _, err := h.Audit.OfUser(h.Ctx, u.ID, nil, 10); err != nil || len(events) != 1 {
		t.Errorf("%v, %v", events, err)
	}
	h.Sound()
}

func TestConsentsGoWithTheirUserOrClient(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, bob := h.User("ada"), h.User("bob")
	one, two := h.Client("one"), h.Client("two")
	v := h.SignIn(ada)
	h.Grant(ada, one, v, apps.ScopeOpenID)
	h.Grant(ada, two, v, apps.ScopeOpenID)
	h.Grant(bob, one, h.SignIn(bob), apps.ScopeOpenID)
	h.Ok(h.Users.Delete(h.Ctx, storage.Operator, bob.ID))
	h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, "two"))
	h.Client("two")
	s, _ := h.Sweeper()
	if n := h.Pass(s); n != 2 || h.Count(table.SpaceConsents) != 1 || h.Consent(ada, one) == nil {
		t.Errorf("%d deleted", n)
	}
}

func TestATickIsGivenUpWhenItsContextEnds(t *testing.T) {
	h := storetest.NewHouse(t)
	s, _ := h.Sweeper()
	ctx, cancel := context.WithCancel(h.Ctx)
	cancel()
	if _, err := s.Tick(ctx); err == nil {
		t.Error("no error")
	}
}

func TestAnOnlineGrantIsSweptWithItsSessionAndAnOfflineOneIsNot(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		u, c := h.User("ada"), h.Client("demo")
		for offline, want := range map[bool]int{true: 1, false: 0} {
			v := h.SignIn(u)
			n := h.NewGrant(u, c, v, apps.ScopeOpenID, apps.ScopeOfflineAccess)
			n.Grant.Offline, n.Grant.RefreshSecret = offline, []byte("secret")
			h.Redeem(storetest.Need(h.Grants.Create(h.Ctx, n))(h))
			h.Ok(h.Sessions.End(h.Ctx, storage.Operator, v.ID))
			s, pass := h.Sweeper()
			before := h.Count(table.SpaceGrants) - 1
			pass(storetest.Day + time.Second)
			h.Pass(s)
			h.Pass(s)
			if got := h.Count(table.SpaceGrants) - before; got != want {
				t.Errorf("offline %v: %d grants, want %d", offline, got, want)
			}
		}
	})
}
