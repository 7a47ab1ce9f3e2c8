package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/storage/memory"
)

// sweeper returns one, and its clock that is never set.
func (h *house) sweeper() (*Sweeper, func(time.Duration)) {
	var mono time.Duration
	s := h.NewSweeper(func() Uptime { return Uptime{Awake: mono} })
	return s, func(d time.Duration) {
		mono += d
		h.clock.add(d)
	}
}

func (h *house) tick(s *Sweeper) int {
	h.t.Helper()
	return need(s.Tick(h.ctx))(h)
}

// pass ticks until a whole round deletes nothing.
func (h *house) pass(s *Sweeper) (deleted int) {
	h.t.Helper()
	for {
		n := h.tick(s)
		if deleted += n; n == 0 {
			return deleted
		}
	}
}

func TestTheSweeperTakesWhatHasBeenOverForADay(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		u, c := h.user("ada"), h.client("demo")
		v, ended := h.signIn(u), h.signIn(u)
		g := h.grant(u, c, v, ScopeOpenID)
		h.redeem(g)
		need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte("link")))(h)
		h.ok(h.Sessions.End(h.ctx, Operator, ended.ID))
		s, pass := h.sweeper()
		at := func(name string, sessions, granted, links int) {
			t.Helper()
			h.pass(s)
			if a, b, c := h.count(spaceSessions), h.count(spaceGrants), h.count(spaceLinks); a != sessions || b != granted || c != links {
				t.Errorf("%s: %d sessions, %d grants, %d links", name, a, b, c)
			}
			if a, b := h.count(spaceSessionsByUser), h.count(spaceGrantStates); a != sessions || b != granted {
				t.Errorf("%s: %d index entries, %d states", name, a, b)
			}
			h.sound()
		}
		at("at once", 2, 1, 1)
		pass(day)
		at("a day later", 2, 1, 1)
		pass(time.Second)
		at("and a second", 1, 1, 1)
		pass(time.Hour)
		at("an hour after the link's day", 1, 1, 0)
		pass(time.Minute)
		at("and a minute: the grant's", 1, 0, 0)
		pass(30*day - time.Hour - time.Minute - 2*time.Second)
		at("within a day of the session's end", 1, 0, 0)
		pass(time.Second)
		at("after it", 0, 0, 0)
	})
}

func TestTheSweeperPausesWhenTheWallClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{6 * time.Minute, -6 * time.Minute, 365 * day} {
		h := newHouse(t)
		u := h.user("ada")
		h.ok(h.Sessions.End(h.ctx, Operator, h.signIn(u).ID))
		s, pass := h.sweeper()
		pass(2 * day)
		h.clock.add(jump)
		if !s.Paused() || h.tick(s) != 0 || h.count(spaceSessions) != 1 {
			t.Errorf("%v: not paused", jump)
		}
		pass(23 * time.Hour)
		if !s.Paused() || h.tick(s) != 0 {
			t.Errorf("%v: not paused for a day", jump)
		}
		h.clock.add(-jump) // mended: which is another jump
		h.tick(s)
		pass(23 * time.Hour)
		if !s.Paused() || h.tick(s) != 0 {
			t.Errorf("%v: not paused after the mending", jump)
		}
		pass(time.Hour)
		if s.Paused() || h.tick(s) != 1 {
			t.Errorf("%v: paused for ever", jump)
		}
	}
	h := newHouse(t)
	s, pass := h.sweeper()
	pass(400 * day)
	h.clock.add(4 * time.Minute) // slewed
	if s.Paused() {
		t.Error("paused without a jump")
	}
}

func TestAClockThatJumpsWhileASweepBeginsDeletesNothing(t *testing.T) {
	h := newHouse(t)
	h.ok(h.Sessions.End(h.ctx, Operator, h.signIn(h.user("ada")).ID))
	jump := time.Duration(0)
	s := h.NewSweeper(func() Uptime {
		h.clock.add(jump) // just after the clocks were compared
		return Uptime{}
	})
	jump = 365 * day
	if n := h.tick(s); n != 0 || h.count(spaceSessions) != 1 {
		t.Errorf("%d deleted", n)
	}
}

func TestTheSweeperWalksOverAsManySlicesAsThereAre(t *testing.T) {
	h := houseOver(t, memory.New(memory.Options{}), Options{})
	const dead, alive = 3*sweepSlice + 7, sweepLook*sweepSlice + 3
	links := func(n int, expires time.Time) {
		for i := 0; i < n; i += 1000 {
			h.plant(func(b *base, w writer) error {
				for range min(1000, n-i) {
					id := h.Grants.NewID()
					if err := b.links.put(w, &Link{Hash: id[:], Kind: LinkSetUp, Expires: expires}); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	now := h.clock.Now()
	links(alive, now.Add(30*day)) // in front, by their ids
	h.clock.add(time.Second)
	links(dead, now.Add(time.Hour))
	s, pass := h.sweeper()
	pass(2 * day)
	if n := h.tick(s); n != 0 {
		t.Errorf("the first tick went over more than its part: %d", n)
	}
	h.tick(s) // goes on behind the living
	if n := h.count(spaceLinks); n != alive {
		t.Errorf("%d links, of which %d are alive", n, alive)
	}
	pass(30 * day)
	if n := h.tick(s); n != alive || h.count(spaceLinks) != 0 {
		t.Errorf("%d deleted, %d left", n, h.count(spaceLinks))
	}
}

// A client leaves them as fast as it can call: what a tick left for the next one would
// be more each minute.
func TestOneTickTakesAllThatIsOverAtTheFront(t *testing.T) {
	h := houseOver(t, memory.New(memory.Options{}), Options{})
	const many = sweepMost*sweepSlice + 10
	expires := h.clock.Now().Add(time.Hour)
	for i := 0; i < many; i += 5000 {
		h.plant(func(b *base, w writer) error {
			for k := i; k < min(i+5000, many); k++ {
				if err := b.denied.put(w, &denied{Expires: expires, Token: []byte{byte(k), byte(k >> 8), byte(k >> 16)}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	h.plant(func(b *base, w writer) error {
		return b.denied.put(w, &denied{Expires: expires.Add(30 * day), Token: []byte("longer")})
	})
	s, pass := h.sweeper()
	pass(2 * day)
	if n := h.tick(s); n != many || h.count(spaceDenied) != 1 {
		t.Errorf("%d deleted, %d left", n, h.count(spaceDenied))
	}
}

func TestTheSweeperPassesOverWhatItCannotRead(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	h.ok(h.Sessions.End(h.ctx, Operator, h.signIn(u).ID))
	h.plant(func(b *base, w writer) error { return w.Put(b.sessions.full(key{}.id(ID{})), []byte("rubbish")) })
	s, pass := h.sweeper()
	pass(2 * day)
	if n := h.tick(s); n != 1 || h.count(spaceSessions) != 1 {
		t.Errorf("%d deleted, %d left", n, h.count(spaceSessions))
	}
}

func TestWhatCannotBeReadHoldsUpNothingBehindIt(t *testing.T) {
	h := newHouse(t)
	const many = 3 * sweepSlice
	h.plant(func(b *base, w writer) error {
		for i := range many {
			d := &denied{Expires: h.clock.Now().Add(time.Hour), Token: []byte{byte(i), byte(i >> 8)}}
			if err := b.denied.put(w, d); err != nil {
				return err
			}
			if i == 0 {
				if err := w.Put(b.denied.full(b.denied.key(d)), []byte("rubbish")); err != nil {
					return err
				}
			}
		}
		return nil
	})
	s, pass := h.sweeper()
	pass(2 * day)
	if n := h.tick(s); n != many-1 || h.count(spaceDenied) != 1 {
		t.Errorf("%d deleted, %d left", n, h.count(spaceDenied))
	}
}

func TestTheSweeperDeletesWhatItLookedAtAndNothingElse(t *testing.T) {
	h := newHouse(t)
	h.setUpLink("link")
	h.plant(func(b *base, w writer) error { // a copy under a wrong key, long expired
		raw, err := encode(&Link{Hash: []byte("link"), Kind: LinkSetUp, Expires: h.clock.Now().Add(-30 * day)})
		return errors.Join(err, w.Put(b.links.full(key("wrong")), raw))
	})
	s, _ := h.sweeper()
	if n := h.tick(s); n != 1 {
		t.Errorf("%d deleted", n)
	}
	need(h.Links.Look(h.ctx, []byte("link"), LinkSetUp))(h)
}

// For a day, whoever mistyped a lifetime can take it back and has lost nothing.
func TestASettingDeletesNothingBeforeItHasStoodForADay(t *testing.T) {
	set := func(name, value string) func(*house) {
		return func(h *house) { h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change(name, value)})) }
	}
	own := func(idle uint32) func(*house) {
		return func(h *house) {
			m := need(h.Clients.Get(h.ctx, "demo"))(h).Metadata
			m.RefreshTokenIdle = idle
			need(h.Clients.Change(h.ctx, Operator, "demo", 0, m))(h)
		}
	}
	for name, c := range map[string]struct {
		mistype, mend func(*house)
		space         byte
	}{
		"refresh_idle":     {set("lifetimes.refresh_idle", "300"), set("lifetimes.refresh_idle", "null"), spaceGrants},
		"session_absolute": {set("lifetimes.session_absolute", "300"), set("lifetimes.session_absolute", "null"), spaceSessions},
		"audit_retention":  {set("audit_retention_seconds", "86400"), set("audit_retention_seconds", "null"), spaceAudit},
		"a client's own":   {own(300), own(0), spaceGrants},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.refreshable()
			s, pass := h.sweeper()
			pass(5 * day)
			left := h.count(c.space)
			c.mistype(h)
			pass(day - time.Second)
			if h.pass(s); h.count(c.space) < left {
				t.Errorf("%d left of %d within a day", h.count(c.space), left)
			}
			c.mend(h)
			pass(2 * day)
			if h.pass(s); h.count(c.space) < left {
				t.Errorf("%d left of %d after it was taken back", h.count(c.space), left)
			}
			c.mistype(h)
			pass(day + time.Second)
			if h.pass(s); h.count(c.space) >= left {
				t.Errorf("%d left of %d although it was meant", h.count(c.space), left)
			}
		})
	}
}

func TestTheAuditTrailIsKeptForItsTime(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	s, pass := h.sweeper()
	pass(200 * day)
	h.signIn(u)
	pass(166*day - time.Second)
	if h.pass(s); h.acts()[0] != ActUserCreated {
		t.Error("an event is gone early")
	}
	pass(2 * time.Second)
	h.pass(s)
	if acts := h.acts(); len(acts) != 1 || acts[0] != ActSignIn {
		t.Errorf("%v", acts)
	}
	if events, _, err := h.Audit.OfUser(h.ctx, u.ID, nil, 10); err != nil || len(events) != 1 {
		t.Errorf("%v, %v", events, err)
	}
	h.sound()
}

func TestConsentsGoWithTheirUserOrClient(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.user("ada"), h.user("bob")
	one, two := h.client("one"), h.client("two")
	v := h.signIn(ada)
	h.grant(ada, one, v, ScopeOpenID)
	h.grant(ada, two, v, ScopeOpenID)
	h.grant(bob, one, h.signIn(bob), ScopeOpenID)
	h.ok(h.Users.Delete(h.ctx, Operator, bob.ID))
	h.ok(h.Clients.Delete(h.ctx, Operator, "two"))
	h.client("two")
	s, _ := h.sweeper()
	if n := h.pass(s); n != 2 || h.count(spaceConsents) != 1 || h.consent(ada, one) == nil {
		t.Errorf("%d deleted", n)
	}
}

func TestATickIsGivenUpWhenItsContextEnds(t *testing.T) {
	h := newHouse(t)
	s, _ := h.sweeper()
	ctx, cancel := context.WithCancel(h.ctx)
	cancel()
	if _, err := s.Tick(ctx); err == nil {
		t.Error("no error")
	}
}

func TestAnOnlineGrantIsSweptWithItsSessionAndAnOfflineOneIsNot(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		u, c := h.user("ada"), h.client("demo")
		for offline, want := range map[bool]int{true: 1, false: 0} {
			v := h.signIn(u)
			n := h.newGrant(u, c, v, ScopeOpenID, ScopeOfflineAccess)
			n.Grant.Offline, n.Grant.RefreshSecret = offline, []byte("secret")
			h.redeem(need(h.Grants.Create(h.ctx, n))(h))
			h.ok(h.Sessions.End(h.ctx, Operator, v.ID))
			s, pass := h.sweeper()
			before := h.count(spaceGrants) - 1
			pass(day + time.Second)
			h.pass(s)
			h.pass(s)
			if got := h.count(spaceGrants) - before; got != want {
				t.Errorf("offline %v: %d grants, want %d", offline, got, want)
			}
		}
	})
}
