package storage

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

// What is promised of single use and of caps, for operations whose own tests are about
// other things: real goroutines on each engine, their instants in another order than
// their turns.

func TestOfConcurrentRefreshesOneRotatesAndAllAreAnsweredAlike(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		g := h.refreshable()
		for generation := range uint32(4) {
			var commits uint64
			got := map[string]int{}
			commits = h.commits(func() {
				got = h.atOnce(50, func(int) string {
					out, err := h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, Generation: generation, ClientUID: g.Client})
					if err != nil || out.Access == nil {
						return out.Refused + outcome(err)
					}
					return strconv.Itoa(int(out.Generation))
				})
			})
			if got[strconv.Itoa(int(generation)+1)] != 50 || commits != 1 {
				t.Errorf("generation %d: %v, %d commits", generation, got, commits)
			}
		}
		h.sound()
	})
}

// Of those who come with a token that is too old, and those who come with the current
// one, some may be answered; the grant is dead when they are through.
func TestATheftIsNotOutrunByThoseWhoRefreshMeanwhile(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		g := h.refreshable()
		h.refresh(g, 0)
		h.refresh(g, 1)
		h.atOnce(20, func(i int) string {
			out, err := h.Grants.Refresh(h.ctx, Refresh{Grant: g.ID, Generation: uint32(i % 3), ClientUID: g.Client})
			if i%3 == 0 && out.Access != nil {
				t.Error("a token two generations old was answered")
			}
			return outcome(err)
		})
		if h.dead(g) != DeadRevoked {
			t.Errorf("the grant: %q", h.dead(g))
		}
	})
}

func TestOfOneRequestAtOnceOneMakesTheThing(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		h.clock.add(time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC).Sub(h.clock.Now())) // about midnight
		once := Once{Key: []byte("key"), Request: []byte("request")}
		for what, create := range map[string]func(i int) error{
			"user": func(i int) error {
				_, err := h.Users.CreateOnce(h.ctx, Operator, Once{Key: []byte("user")}, User{Username: "user" + strconv.Itoa(i)})
				return err
			},
			"client": func(i int) error {
				_, err := h.Clients.CreateOnce(h.ctx, Operator, once, NewClient{Metadata: webMetadata(), Secret: []byte("hash")})
				return err
			},
		} {
			got := h.atOnce(30, func(i int) string { return outcome(create(i)) })
			if got["done"] != 1 || got[ErrRepeated.Error()] != 29 {
				t.Errorf("%s: %v", what, got)
			}
		}
		if h.count(spaceUsers) != 1 || h.count(spaceClients) != 1 || h.count(spaceRequests) != 2 {
			t.Errorf("%d users, %d clients, %d requests", h.count(spaceUsers), h.count(spaceClients), h.count(spaceRequests))
		}
		h.sound()
	})
}

func TestSecretsAddedAtOnceAreNoMoreThanThereMayBe(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		h.client("demo")
		v := need(h.Resources.Create(h.ctx, Operator, Once{}, orders()))(h)
		add := map[string]func(i int) error{
			"client": func(i int) error {
				_, err := h.Clients.AddSecret(h.ctx, Operator, "demo", []byte{byte(i + 1)}, "", time.Hour)
				return err
			},
			"resource": func(i int) error {
				_, err := h.Resources.AddSecret(h.ctx, Operator, v.ID, []byte{byte(i + 1)}, "", time.Hour)
				return err
			},
		}
		for what, add := range add {
			if got := h.atOnce(20, func(i int) string { return outcome(add(i)) }); got["done"] != secretsMost-1 {
				t.Errorf("%s: %v", what, got)
			}
		}
		c, v := need(h.Clients.Get(h.ctx, "demo"))(h), need(h.Resources.Get(h.ctx, v.ID))(h)
		for what, all := range map[string][]Secret{"client": c.Secrets, "resource": v.Secrets} {
			lasting := slices.DeleteFunc(slices.Clone(all), func(s Secret) bool { return !s.Expires.IsZero() })
			if len(all) != secretsMost || len(lasting) != 1 {
				t.Errorf("%s: %d secrets, %d of them without an end", what, len(all), len(lasting))
			}
		}
		got := h.atOnce(20, func(int) string {
			_, err := h.Resources.RemoveSecret(h.ctx, Operator, v.ID, v.Secrets[0].ID)
			return outcome(err)
		})
		if got["done"] != 1 || got[ErrNotFound.Error()] != 19 {
			t.Errorf("removed: %v", got)
		}
		h.sound()
	})
}

func TestAdministratorsWhoShutEachOtherOutAtOnceLeaveOne(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		var all []*User
		for i := range 6 {
			all = append(all, h.admin("admin"+strconv.Itoa(i)))
		}
		h.atOnce(len(all), func(i int) string {
			by, other := all[i].Actor(ViaPage, ""), all[(i+1)%len(all)].ID
			var err error
			switch i % 3 {
			case 0:
				_, err = h.Users.Disable(h.ctx, by, other)
			case 1:
				err = h.Users.Delete(h.ctx, by, other)
			default:
				_, err = h.Users.Change(h.ctx, by, other, UserChange{Roles: &[]Role{}})
			}
			return outcome(err)
		})
		users, _, err := h.Users.List(h.ctx, nil, 100)
		h.ok(err)
		if n := len(slices.DeleteFunc(users, func(u *User) bool { return !u.governs() })); n != 1 {
			t.Errorf("%d govern", n)
		}
		h.sound()
	})
}

// Two tabs of one app at its first authorization: both ask, and both are answered.
func TestOfConcurrentFirstConsentsOneCountsAndTheOthersAskAgain(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		u, c := h.user("ada"), h.client("demo")
		v := h.signIn(u)
		all := make([]NewGrant, 20)
		for i := range all {
			all[i] = h.newGrant(u, c, v, ScopeOpenID)
		}
		got := h.atOnce(len(all), func(i int) string {
			_, err := h.Grants.Create(h.ctx, all[i])
			return outcome(err)
		})
		if got["done"] != 1 || got[ErrStale.Error()] != len(all)-1 || h.count(spaceConsents) != 1 || h.count(spaceGrants) != 1 {
			t.Errorf("%v, %d consents, %d grants", got, h.count(spaceConsents), h.count(spaceGrants))
		}
		h.sound()
	})
}
