package storage

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage/bolt"
	"latchkey/storage/memory"

	"pgregory.net/rapid"
)

// capped is a user with one client, and room for few offline grants.
type capped struct {
	*house
	on   redeemed
	made []*Grant // offline ones, the oldest first
}

func newCapped(h *house, most uint32) *capped {
	h.t.Helper()
	h.capAt(most)
	return &capped{house: h, on: h.redeemed(ScopeOpenID, ScopeOfflineAccess)}
}

func (h *house) capAt(most uint32) {
	h.t.Helper()
	set := h.settings()
	set.OfflineGrants = most
	h.ok(h.Settings.Set(h.ctx, Operator, set))
}

func (c *capped) decided(offline bool) NewGrant {
	c.t.Helper()
	n := c.newGrant(c.on.user, c.on.client, c.on.session, ScopeOpenID, ScopeOfflineAccess)
	n.Grant.Offline, n.Grant.RefreshSecret = offline, []byte("secret")
	return n
}

func (c *capped) make(offline bool) *Grant {
	c.t.Helper()
	g := need(c.Grants.Create(c.ctx, c.decided(offline)))(c.house)
	if offline {
		c.made = append(c.made, g)
	}
	return g
}

// usable reports whether anything may still come of a grant.
func (c *capped) usable(g *Grant) bool {
	c.t.Helper()
	a, err := c.Grants.Access(c.ctx, g.ID, nil)
	switch {
	case errors.Is(err, DeadNotIssued):
		return c.clock.Now().Before(g.CodeExpires)
	case err == nil:
		l := a.Lifetimes
		return c.clock.Now().Truncate(time.Second).Before(a.State.lastUsed().Add(Seconds(l.RefreshIdle) + max(Seconds(l.AccessToken), Seconds(l.IDToken))))
	}
	return false
}

func (c *capped) living() (alive []*Grant) {
	for _, g := range c.made {
		if c.usable(g) {
			alive = append(alive, g)
		}
	}
	return alive
}

// kept are those of the living that stay where there is room for n: of those whose code
// is unused the oldest go first, then of the others.
func (c *capped) kept(n int) []*Grant {
	all := c.living()
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(x, y *Grant) int { return c.used(x) - c.used(y) })
	ends := order[:max(len(order)-n, 0)]
	return slices.DeleteFunc(all, func(g *Grant) bool { return slices.Contains(ends, g) })
}

// used is 1 if the grant's code is redeemed.
func (c *capped) used(g *Grant) int {
	if _, err := c.Grants.Access(c.ctx, g.ID, nil); errors.Is(err, DeadNotIssued) {
		return 0
	}
	return 1
}

func idsOf(all []*Grant) (ids []string) {
	for _, g := range all {
		ids = append(ids, g.ID.String())
	}
	return ids
}

// After each offline grant exactly the newest ones live that were alive before, those
// in use before mere codes, as many as the setting says, whatever happened to the others.
func TestOfflineGrantsOfAUserAndClientAreCappedAndTheOldestGoes(t *testing.T) {
	property := func(t *rapid.T, h *house) {
		h.t = t
		defer h.engine.Close()
		c := newCapped(h, 3)
		most := 3
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch act := rapid.IntRange(0, 9).Draw(t, "act"); act {
			case 0:
				most = rapid.IntRange(1, 5).Draw(t, "most")
				c.capAt(uint32(most))
			case 1:
				if g, ok := pick(t, c.made); ok {
					need(c.Grants.Revoke(c.ctx, Operator, Revocation{Grant: g.ID, ClientUID: c.on.client.UID}))(h)
				}
			case 2:
				if g, ok := pick(t, c.made); ok {
					c.redeem(g) // perhaps the second time
				}
			case 3:
				h.clock.add(rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Minute, 29 * day}).Draw(t, "later"))
				c.on.session = h.signIn(c.on.user)
			case 4:
				if err := h.Consents.Withdraw(h.ctx, Operator, c.on.user.ID, c.on.client.ID); err != nil && !errors.Is(err, ErrNotFound) {
					t.Fatal(err)
				}
			case 5:
				c.make(false)
			default:
				want := c.kept(most - 1)
				g := c.make(true)
				if rapid.Bool().Draw(t, "redeemed") {
					c.redeem(g)
				}
				if got, want := idsOf(c.living()), idsOf(append(want, g)); !slices.Equal(got, want) {
					t.Fatalf("alive are %q, want %q", got, want)
				}
			}
		}
		h.sound()
	}
	t.Run("memory", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			property(r, houseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}), Options{}))
		})
	})
	t.Run("bolt", func(t *testing.T) {
		dir, n := t.TempDir(), 0
		rapid.Check(t, func(r *rapid.T) {
			if n++; n > 15 {
				return // each commit waits for the disk
			}
			engine, err := bolt.Open(filepath.Join(dir, strings.Repeat("x", n)), bolt.Options{})
			if err != nil {
				t.Fatal(err)
			}
			property(r, houseOver(t, engine, Options{}))
		})
	})
}

func TestManyOfflineGrantsAtOnceNeverLeaveMoreThanTheCapAlive(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		c := newCapped(h, 5)
		all := make([]NewGrant, 50)
		for i := range all {
			all[i] = c.decided(true)
		}
		made := make(chan *Grant, len(all))
		got := h.atOnce(len(all), func(i int) string {
			g, err := h.Grants.Create(h.ctx, all[i])
			made <- g
			return outcome(err)
		})
		if got["done"] != len(all) {
			t.Fatal(got)
		}
		for range all {
			c.made = append(c.made, <-made)
		}
		if n := len(c.living()); n != 5 {
			t.Errorf("%d are alive", n)
		}
		h.sound()
	})
}

// Whoever redeems a code in its last second may have a later turn than one who comes when
// it is over: what is made of it counts all the same.
func TestACodeThatIsRedeemedLateEscapesNoCap(t *testing.T) {
	h := newHouse(t)
	c := newCapped(h, 1)
	late := c.make(true)
	h.clock.add(late.CodeExpires.Sub(h.clock.Now()))
	acts := len(h.acts())
	h.redeem(c.make(true))
	if n := len(h.acts()); n != acts+1 { // the consent
		t.Errorf("it is told that something ended which was over: %v", h.acts()[acts:])
	}
	h.clock.add(-time.Second)
	h.redeem(late)
	if alive := c.living(); len(alive) != 1 || alive[0].ID == late.ID {
		t.Errorf("%d are alive", len(alive))
	}
	h.sound()
}

// What a lifetime alone holds for over lives again when the lifetime is taken back: there
// must not be more then than there may be. It goes before what is alive, also where the
// change has overtaken whoever comes.
func TestALifetimeThatIsTakenBackRevivesNoMoreThanTheCap(t *testing.T) {
	for name, overtaken := range map[string]time.Duration{"changed before": 0, "changed at the same time": time.Second} {
		h := newHouse(t)
		c := newCapped(h, 3)
		idle := func(seconds string) {
			h.clock.add(overtaken)
			h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{change("lifetimes.refresh_idle", seconds)}))
			h.clock.add(-overtaken)
		}
		alive := func(when string, want ...*Grant) {
			t.Helper()
			if got, want := idsOf(c.living()), idsOf(want); !slices.Equal(got, want) {
				t.Errorf("%s, %s: alive are %q, want %q", name, when, got, want)
			}
		}
		for range 3 {
			h.redeem(c.make(true))
		}
		h.clock.add(2 * day)
		c.on.session = h.signIn(c.on.user)
		h.refresh(c.made[0], 0)
		idle("300")
		acts := len(h.acts())
		h.redeem(c.make(true))
		if len(h.acts()) != acts+1 { // the consent
			t.Errorf("%s: it is told that something ended which was over: %v", name, h.acts())
		}
		alive("mistyped", c.made[0], c.made[3])
		idle("null")
		alive("taken back", c.made[0], c.made[2], c.made[3])
		h.redeem(c.make(true))
		alive("and one more", c.made[2:]...)
		h.sound()
	}
}

func TestTheCapCostsNoCommitAndSaysWhatItEnded(t *testing.T) {
	h := newHouse(t)
	c := newCapped(h, 2)
	for range 2 {
		h.redeem(c.make(true))
	}
	n := c.decided(true)
	if commits := h.commits(func() { need(h.Grants.Create(h.ctx, n))(h) }); commits != 1 {
		t.Errorf("%d commits", commits)
	}
	if h.dead(c.made[0]) != DeadRevoked || h.dead(c.made[1]) != "" {
		t.Errorf("the oldest is %q, the next %q", h.dead(c.made[0]), h.dead(c.made[1]))
	}
	events, _, err := h.Audit.OfUser(h.ctx, c.on.user.ID, nil, 10)
	h.ok(err)
	if i := slices.IndexFunc(events, func(e *Event) bool { return e.Act == ActGrantRevoked }); i < 0 ||
		events[i].Client != "demo" || events[i].Detail != "the oldest 1: at most 2 offline grants" {
		t.Errorf("%+v", events)
	}
}

func TestOnlineGrantsAndThoseOfOthersAreNotCounted(t *testing.T) {
	h := newHouse(t)
	c := newCapped(h, 1)
	kept := c.make(true)
	h.redeem(kept)
	for range 3 {
		h.redeem(c.make(false))
	}
	other := *c
	other.on.client = h.client("other")
	h.redeem(other.make(true))
	other = *c
	other.on.user = h.user("bob")
	other.on.session = h.signIn(other.on.user)
	h.redeem(other.make(true))
	if why := h.dead(kept); why != "" {
		t.Error(why)
	}
}

func TestAListOfOfflineGrantsGoesWithItsUserClientOrConsent(t *testing.T) {
	for name, end := range map[string]func(h *house, c *capped) error{
		"user deleted":   func(h *house, c *capped) error { return h.Users.Delete(h.ctx, Operator, c.on.user.ID) },
		"client deleted": func(h *house, c *capped) error { return h.Clients.Delete(h.ctx, Operator, c.on.client.ID) },
		"consent withdrawn": func(h *house, c *capped) error {
			return h.Consents.Withdraw(h.ctx, Operator, c.on.user.ID, c.on.client.ID)
		},
	} {
		h := newHouse(t)
		c := newCapped(h, 3)
		c.make(true)
		s, _ := h.sweeper()
		if h.pass(s); h.count(spaceOffline) != 1 {
			t.Errorf("%s: swept while in use", name)
		}
		h.ok(end(h, c))
		if h.pass(s); h.count(spaceOffline) != 0 {
			t.Errorf("%s: it stays", name)
		}
		h.sound()
	}
}
