package grants_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/bolt"
	"latchkey/storage/grants"
	"latchkey/storage/memory"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
	"pgregory.net/rapid"
)

// capped is a user with one client, and room for few offline grants.
type capped struct {
	*storetest.House
	on   storetest.Redeemed
	made []*grants.Grant // offline ones, the oldest first
}

func newCapped(h *storetest.House, most uint32) *capped {
	h.T.Helper()
	h.CapAt(most)
	return &capped{House: h, on: h.Redeemed(apps.ScopeOpenID, apps.ScopeOfflineAccess)}
}

func (c *capped) decided(offline bool) grants.NewGrant {
	c.T.Helper()
	n := c.NewGrant(c.on.User, c.on.Client, c.on.Session, apps.ScopeOpenID, apps.ScopeOfflineAccess)
	n.Grant.Offline, n.Grant.RefreshSecret = offline, []byte("secret")
	return n
}

func (c *capped) make(offline bool) *grants.Grant {
	c.T.Helper()
	g := storetest.Need(c.Grants.Create(c.Ctx, c.decided(offline)))(c.House)
	if offline {
		c.made = append(c.made, g)
	}
	return g
}

// usable reports whether anything may still come of a grant.
func (c *capped) usable(g *grants.Grant) bool {
	c.T.Helper()
	a, err := c.Grants.Access(c.Ctx, g.ID, nil)
	switch {
	case errors.Is(err, apps.DeadNotIssued):
		return c.Clock.Now().Before(g.CodeExpires)
	case err == nil:
		l := a.Lifetimes
		return c.Clock.Now().Truncate(time.Second).Before(a.State.LastUsed().Add(policy.Seconds(l.RefreshIdle) + max(policy.Seconds(l.AccessToken), policy.Seconds(l.IDToken))))
	}
	return false
}

func (c *capped) living() (alive []*grants.Grant) {
	for _, g := range c.made {
		if c.usable(g) {
			alive = append(alive, g)
		}
	}
	return alive
}

// kept are those of the living that stay where there is room for n: of those whose code
// is unused the oldest go first, then of the others.
func (c *capped) kept(n int) []*grants.Grant {
	all := c.living()
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(x, y *grants.Grant) int { return c.used(x) - c.used(y) })
	ends := order[:max(len(order)-n, 0)]
	return slices.DeleteFunc(all, func(g *grants.Grant) bool { return slices.Contains(ends, g) })
}

// used is 1 if the grant's code is redeemed.
func (c *capped) used(g *grants.Grant) int {
	if _, err := c.Grants.Access(c.Ctx, g.ID, nil); errors.Is(err, apps.DeadNotIssued) {
		return 0
	}
	return 1
}

func idsOf(all []*grants.Grant) (ids []string) {
	for _, g := range all {
		ids = append(ids, g.ID.String())
	}
	return ids
}

// After each offline grant exactly the newest ones live that were alive before, those
// in use before mere codes, as many as the setting says, whatever happened to the others.
func TestOfflineGrantsOfAUserAndClientAreCappedAndTheOldestGoes(t *testing.T) {
	property := func(t *rapid.T, h *storetest.House) {
		h.T = t
		defer h.Engine.Close()
		c := newCapped(h, 3)
		most := 3
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch act := rapid.IntRange(0, 9).Draw(t, "act"); act {
			case 0:
				most = rapid.IntRange(1, 5).Draw(t, "most")
				c.CapAt(uint32(most))
			case 1:
				if g, ok := storetest.Pick(t, c.made); ok {
					storetest.Need(c.Grants.Revoke(c.Ctx, storage.Operator,
						grants.Revocation{Grant: g.ID, ClientUID: c.on.Client.UID}))(h)
				}
			case 2:
				if g, ok := storetest.Pick(t, c.made); ok {
					c.Redeem(g) // perhaps the second time
				}
			case 3:
				h.Clock.Add(rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Minute,
					29 * storetest.Day}).Draw(t, "later"))
				c.on.Session = h.SignIn(c.on.User)
			case 4:
				if err := h.Consents.Withdraw(h.Ctx, storage.Operator, c.on.User.ID, c.on.Client.ID); err != nil &&
					!errors.Is(err, storage.ErrNotFound) {
					t.Fatal(err)
				}
			case 5:
				c.make(false)
			default:
				want := c.kept(most - 1)
				g := c.make(true)
				if rapid.Bool().Draw(t, "redeemed") {
					c.Redeem(g)
				}
				if got, want := idsOf(c.living()), idsOf(append(want, g)); !slices.Equal(got, want) {
					t.Fatalf("alive are %q, want %q", got, want)
				}
			}
		}
		h.Sound()
	}
	t.Run("memory", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			property(r, storetest.HouseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}),
				store.Options{}))
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
			property(r, storetest.HouseOver(t, engine, store.Options{}))
		})
	})
}

func TestManyOfflineGrantsAtOnceNeverLeaveMoreThanTheCapAlive(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		c := newCapped(h, 5)
		all := make([]grants.NewGrant, 50)
		for i := range all {
			all[i] = c.decided(true)
		}
		made := make(chan *grants.Grant, len(all))
		got := h.AtOnce(len(all), func(i int) string {
			g, err := h.Grants.Create(h.Ctx, all[i])
			made <- g
			return storetest.Outcome(err)
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
		h.Sound()
	})
}

// Whoever redeems a code in its last second may have a later turn than one who comes when
// it is over: what is made of it counts all the same.
func TestACodeThatIsRedeemedLateEscapesNoCap(t *testing.T) {
	h := storetest.NewHouse(t)
	c := newCapped(h, 1)
	late := c.make(true)
	h.Clock.Add(late.CodeExpires.Sub(h.Clock.Now()))
	acts := len(h.Acts())
	h.Redeem(c.make(true))
	if n := len(h.Acts()); n != acts+1 { // the consent
		t.Errorf("it is told that something ended which was over: %v", h.Acts()[acts:])
	}
	h.Clock.Add(-time.Second)
	h.Redeem(late)
	if alive := c.living(); len(alive) != 1 || alive[0].ID == late.ID {
		t.Errorf("%d are alive", len(alive))
	}
	h.Sound()
}

// What a lifetime alone holds for over lives again when the lifetime is taken back: there
// must not be more then than there may be. It goes before what is alive, also where the
// change has overtaken whoever comes.
func TestALifetimeThatIsTakenBackRevivesNoMoreThanTheCap(t *testing.T) {
	for name, overtaken := range map[string]time.Duration{"changed before": 0,
		"changed at the same time": time.Second} {
		h := storetest.NewHouse(t)
		c := newCapped(h, 3)
		idle := func(seconds string) {
			h.Clock.Add(overtaken)
			h.Ok(h.Settings.Change(h.Ctx, storage.Operator,
				[]policy.SettingChange{storetest.Change("lifetimes.refresh_idle", seconds)}))
			h.Clock.Add(-overtaken)
		}
		alive := func(when string, want ...*grants.Grant) {
			t.Helper()
			if got, want := idsOf(c.living()), idsOf(want); !slices.Equal(got, want) {
				t.Errorf("%s, %s: alive are %q, want %q", name, when, got, want)
			}
		}
		for range 3 {
			h.Redeem(c.make(true))
		}
		h.Clock.Add(2 * storetest.Day)
		c.on.Session = h.SignIn(c.on.User)
		h.Refresh(c.made[0], 0)
		idle("300")
		acts := len(h.Acts())
		h.Redeem(c.make(true))
		if len(h.Acts()) != acts+1 { // the consent
			t.Errorf("%s: it is told that something ended which was over: %v", name, h.Acts())
		}
		alive("mistyped", c.made[0], c.made[3])
		idle("null")
		alive("taken back", c.made[0], c.made[2], c.made[3])
		h.Redeem(c.make(true))
		alive("and one more", c.made[2:]...)
		h.Sound()
	}
}

func TestTheCapCostsNoCommitAndSaysWhatItEnded(t *testing.T) {
	h := storetest.NewHouse(t)
	c := newCapped(h, 2)
	for range 2 {
		h.Redeem(c.make(true))
	}
	n := c.decided(true)
	if commits := h.Commits(func() { storetest.Need(h.Grants.Create(h.Ctx, n))(h) }); commits != 1 {
		t.Errorf("%d commits", commits)
	}
	if h.Dead(c.made[0]) != apps.DeadRevoked || h.Dead(c.made[1]) != "" {
		t.Errorf("the oldest is %q, the next %q", h.Dead(c.made[0]), h.Dead(c.made[1]))
	}
	events, _, err := h.Audit.OfUser(h.Ctx, c.on.User.ID, nil, 10)
	h.Ok(err)
	if i := slices.IndexFunc(events, func(e *audit.Event) bool { return e.Act == audit.ActGrantRevoked }); i < 0 ||
		events[i].Client != "demo" || events[i].Detail != "the oldest 1: at most 2 offline grants" {
		t.Errorf("%+v", events)
	}
}

func TestOnlineGrantsAndThoseOfOthersAreNotCounted(t *testing.T) {
	h := storetest.NewHouse(t)
	c := newCapped(h, 1)
	kept := c.make(true)
	h.Redeem(kept)
	for range 3 {
		h.Redeem(c.make(false))
	}
	other := *c
	other.on.Client = h.Client("other")
	h.Redeem(other.make(true))
	other = *c
	other.on.User = h.User("bob")
	other.on.Session = h.SignIn(other.on.User)
	h.Redeem(other.make(true))
	if why := h.Dead(kept); why != "" {
		t.Error(why)
	}
}

func TestAListOfOfflineGrantsGoesWithItsUserClientOrConsent(t *testing.T) {
	for name, end := range map[string]func(h *storetest.House, c *capped) error{
		"user deleted": func(h *storetest.House, c *capped) error {
			return h.Users.Delete(h.Ctx, storage.Operator, c.on.User.ID)
		},
		"client deleted": func(h *storetest.House, c *capped) error {
			return h.Clients.Delete(h.Ctx, storage.Operator, c.on.Client.ID)
		},
		"consent withdrawn": func(h *storetest.House, c *capped) error {
			return h.Consents.Withdraw(h.Ctx, storage.Operator, c.on.User.ID, c.on.Client.ID)
		},
	} {
		h := storetest.NewHouse(t)
		c := newCapped(h, 3)
		c.make(true)
		s, _ := h.Sweeper()
		if h.Pass(s); h.Count(table.SpaceOffline) != 1 {
			t.Errorf("%s: swept while in use", name)
		}
		h.Ok(end(h, c))
		if h.Pass(s); h.Count(table.SpaceOffline) != 0 {
			t.Errorf("%s: it stays", name)
		}
		h.Sound()
	}
}
