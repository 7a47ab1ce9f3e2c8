package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestOfConcurrentRefreshesOneRotatesAndAllAreAnsweredAlike(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		g := h.Refreshable()
		for generation := range uint32(4) {
			var commits uint64
			got := map[string]int{}
			commits = h.Commits(func() {
				got = h.AtOnce(50, func(int) string {
					out, err := h.Grants.Refresh(h.Ctx,
						grants.Refresh{Grant: g.ID, Generation: generation, ClientUID: g.Client})
					if err != nil || out.Access == nil {
						return out.Refused + storetest.Outcome(err)
					}
					return strconv.Itoa(int(out.Generation))
				})
			})
			if got[strconv.Itoa(int(generation)+1)] != 50 || commits != 1 {
				t.Errorf("generation %d: %v, %d commits", generation, got, commits)
			}
		}
		h.Sound()
	})
}

// Of those who come with a token that is too old, and those who come with the current
// one, some may be answered; the grant is dead when they are through.
func TestATheftIsNotOutrunByThoseWhoRefreshMeanwhile(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		g := h.Refreshable()
		h.Refresh(g, 0)
		h.Refresh(g, 1)
		h.AtOnce(20, func(i int) string {
			out, err := h.Grants.Refresh(h.Ctx,
				grants.Refresh{Grant: g.ID, Generation: uint32(i % 3), ClientUID: g.Client})
			if i%3 == 0 && out.Access != nil {
				t.Error("a token two generations old was answered")
			}
			return storetest.Outcome(err)
		})
		if h.Dead(g) != apps.DeadRevoked {
			t.Errorf("the grant: %q", h.Dead(g))
		}
	})
}

func TestOfOneRequestAtOnceOneMakesTheThing(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		h.Clock.Add(time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC).Sub(h.Clock.Now())) // about midnight
		once := policy.Once{Key: []byte("key"), Request: []byte("request")}
		for what, create := range map[string]func(i int) error{
			"user": func(i int) error {
				_, err := h.Users.CreateOnce(h.Ctx, storage.Operator, policy.Once{Key: []byte("user")},
					people.User{Username: "user" + strconv.Itoa(i)})
				return err
			},
			"client": func(i int) error {
				_, err := h.Clients.CreateOnce(h.Ctx, storage.Operator, once,
					apps.NewClient{Metadata: storetest.WebMetadata(), Secret: []byte("hash")})
				return err
			},
		} {
			got := h.AtOnce(30, func(i int) string { return storetest.Outcome(create(i)) })
			if got["done"] != 1 || got[storage.ErrRepeated.Error()] != 29 {
				t.Errorf("%s: %v", what, got)
			}
		}
		if h.Count(table.SpaceUsers) != 1 || h.Count(table.SpaceClients) != 1 || h.Count(table.SpaceRequests) != 2 {
			t.Errorf("%d users, %d clients, %d requests", h.Count(table.SpaceUsers), h.Count(table.SpaceClients),
				h.Count(table.SpaceRequests))
		}
		h.Sound()
	})
}

func TestSecretsAddedAtOnceAreNoMoreThanThereMayBe(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		h.Client("demo")
		v := storetest.Need(h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, storetest.Orders()))(h)
		add := map[string]func(i int) error{
			"client": func(i int) error {
				_, err := h.Clients.AddSecret(h.Ctx, storage.Operator, "demo", []byte{byte(i + 1)}, "", time.Hour)
				return err
			},
			"resource": func(i int) error {
				_, err := h.Resources.AddSecret(h.Ctx, storage.Operator, v.ID, []byte{byte(i + 1)}, "", time.Hour)
				return err
			},
		}
		for what, add := range add {
			if got := h.AtOnce(20, func(i int) string { return storetest.Outcome(add(i)) }); got["done"] != apps.MaxSecrets-1 {
				t.Errorf("%s: %v", what, got)
			}
		}
		c, v := storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h), storetest.Need(h.Resources.Get(h.Ctx, v.ID))(h)
		for what, all := range map[string][]apps.Secret{"client": c.Secrets, "resource": v.Secrets} {
			lasting := slices.DeleteFunc(slices.Clone(all), func(s apps.Secret) bool { return !s.Expires.IsZero() })
			if len(all) != apps.MaxSecrets || len(lasting) != 1 {
				t.Errorf("%s: %d secrets, %d of them without an end", what, len(all), len(lasting))
			}
		}
		got := h.AtOnce(20, func(int) string {
			_, err := h.Resources.RemoveSecret(h.Ctx, storage.Operator, v.ID, v.Secrets[0].ID)
			return storetest.Outcome(err)
		})
		if got["done"] != 1 || got[storage.ErrNotFound.Error()] != 19 {
			t.Errorf("removed: %v", got)
		}
		h.Sound()
	})
}

func TestAdministratorsWhoShutEachOtherOutAtOnceLeaveOne(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		var all []*people.User
		for i := range 6 {
			all = append(all, h.Admin("admin"+strconv.Itoa(i)))
		}
		h.AtOnce(len(all), func(i int) string {
			by, other := all[i].Actor(storage.ViaPage, ""), all[(i+1)%len(all)].ID
			var err error
			switch i % 3 {
			case 0:
				_, err = h.Users.Disable(h.Ctx, by, other)
			case 1:
				err = h.Users.Delete(h.Ctx, by, other)
			default:
				_, err = h.Users.Change(h.Ctx, by, other, people.UserChange{Roles: &[]storage.Role{}})
			}
			return storetest.Outcome(err)
		})
		users, _, err := h.Users.List(h.Ctx, nil, 100)
		h.Ok(err)
		if n := len(slices.DeleteFunc(users, func(u *people.User) bool { return !u.IsActiveAdmin() })); n != 1 {
			t.Errorf("%d govern", n)
		}
		h.Sound()
	})
}

// Two tabs of one app at its first authorization: both ask, and both are answered.
func TestOfConcurrentFirstConsentsOneCountsAndTheOthersAskAgain(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		u, c := h.User("ada"), h.Client("demo")
		v := h.SignIn(u)
		all := make([]grants.NewGrant, 20)
		for i := range all {
			all[i] = h.NewGrant(u, c, v, apps.ScopeOpenID)
		}
		got := h.AtOnce(len(all), func(i int) string {
			_, err := h.Grants.Create(h.Ctx, all[i])
			return storetest.Outcome(err)
		})
		if got["done"] != 1 || got[storage.ErrStale.Error()] != len(all)-1 || h.Count(table.SpaceConsents) != 1 ||
			h.Count(table.SpaceGrants) != 1 {
			t.Errorf("%v, %d consents, %d grants", got, h.Count(table.SpaceConsents), h.Count(table.SpaceGrants))
		}
		h.Sound()
	})
}
