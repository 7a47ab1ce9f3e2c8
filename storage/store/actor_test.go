package store_test

import (
	"errors"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store/storetest"
)

// Who may do what, as one table over every operation done on somebody's behalf.
func TestWhoMayDoWhat(t *testing.T) {
	const (
		manager = 1 << iota // administrators and the operator only
		owner               // and the user it is about
	)
	type fixture struct {
		storetest.Redeemed
		other *people.User
	}
	operations := []struct {
		name string
		may  int
		do   func(*storetest.House, fixture, storage.Actor) error
	}{
		{"create a user", manager, func(h *storetest.House, _ fixture, by storage.Actor) error {
			_, err := h.Users.Create(h.Ctx, by, people.User{Username: "new"})
			return err
		}},
		{"change a user", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Users.Change(h.Ctx, by, f.User.ID,
				people.UserChange{Roles: &[]storage.Role{storage.RoleAdmin}, EmailVerified: storetest.Ptr(false)})
			return err
		}},
		{"set a password", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Users.SetPassword(h.Ctx, by, f.User.ID, []byte("x"))
			return err
		}},
		{"disable a user", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Users.Disable(h.Ctx, by, f.User.ID)
			return err
		}},
		{"enable a user", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Users.Enable(h.Ctx, by, f.User.ID)
			return err
		}},
		{"delete a user", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			return h.Users.Delete(h.Ctx, by, f.User.ID)
		}},
		{"set a membership", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			return h.Memberships.Set(h.Ctx, by, people.Membership{User: f.User.ID})
		}},
		{"make a recovery link", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Links.Create(h.Ctx, by, people.LinkRecovery, f.User.ID, []byte("x"))
			return err
		}},
		{"create a client", manager, func(h *storetest.House, _ fixture, by storage.Actor) error {
			_, err := h.Clients.Create(h.Ctx, by,
				apps.NewClient{Metadata: storetest.WebMetadata(), Secret: []byte("x")})
			return err
		}},
		{"change a client", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Clients.Change(h.Ctx, by, f.Client.ID, 0, storetest.WebMetadata())
			return err
		}},
		{"approve a client", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Clients.SetState(h.Ctx, by, f.Client.ID, apps.ClientApproved)
			return err
		}},
		{"give a client a secret", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			_, err := h.Clients.AddSecret(h.Ctx, by, f.Client.ID, []byte("x"), "x", 0)
			return err
		}},
		{"delete a client", manager, func(h *storetest.House, f fixture, by storage.Actor) error {
			return h.Clients.Delete(h.Ctx, by, f.Client.ID)
		}},
		{"change settings", manager, func(h *storetest.House, _ fixture, by storage.Actor) error {
			return h.Settings.Set(h.Ctx, by, policy.DefaultSettings())
		}},
		{"end a session", owner, func(h *storetest.House, f fixture, by storage.Actor) error {
			return h.Sessions.End(h.Ctx, by, f.Session.ID)
		}},
		{"withdraw consent", owner, func(h *storetest.House, f fixture, by storage.Actor) error {
			return h.Consents.Withdraw(h.Ctx, by, f.User.ID, f.Client.ID)
		}},
	}
	actors := []struct {
		name string
		as   func(fixture) storage.Actor
		may  int
	}{
		{"the operator", func(fixture) storage.Actor { return storage.Operator }, manager | owner},
		{"a job", func(fixture) storage.Actor { return storage.Actor{Via: storage.ViaJob} }, manager | owner},
		{"an administrator", func(f fixture) storage.Actor {
			return storage.Actor{User: f.other.ID, Roles: []storage.Role{storage.RoleAdmin}, Via: storage.ViaPage}
		}, manager | owner},
		{"the user", func(f fixture) storage.Actor { return f.User.Actor(storage.ViaPage, "") }, owner},
		{"another user", func(f fixture) storage.Actor { return f.other.Actor(storage.ViaPage, "") }, 0},
		{"another user with a role of no meaning", func(f fixture) storage.Actor {
			return storage.Actor{User: f.other.ID, Roles: []storage.Role{"owner"}, Via: storage.ViaCLI}
		}, 0},
		{"a program", func(fixture) storage.Actor { return storage.Actor{Client: "robot", Via: storage.ViaAPI} },
			manager | owner},
		{"a program for an administrator", func(f fixture) storage.Actor {
			return storage.Actor{User: f.other.ID, Roles: []storage.Role{storage.RoleAdmin}, Client: "console",
				Via: storage.ViaAPI}
		}, manager | owner},
		{"a program for another user", func(f fixture) storage.Actor {
			return storage.Actor{User: f.other.ID, Client: "console", Via: storage.ViaAPI}
		}, 0},
		{"a program that may look", func(fixture) storage.Actor {
			return storage.Actor{Client: "robot", Via: storage.ViaAPI, ReadOnly: true}
		}, 0},
		{"a program that may look, for an administrator", func(f fixture) storage.Actor {
			return storage.Actor{User: f.other.ID, Roles: []storage.Role{storage.RoleAdmin}, Client: "console",
				Via: storage.ViaAPI, ReadOnly: true}
		}, 0},
		{"a program that may look, for the user", func(f fixture) storage.Actor {
			return storage.Actor{User: f.User.ID, Client: "console", Via: storage.ViaAPI, ReadOnly: true}
		}, 0},
		{"a nameless program", func(fixture) storage.Actor { return storage.Actor{Via: storage.ViaAPI} }, 0},
		{"a program at another door", func(fixture) storage.Actor {
			return storage.Actor{Client: "robot",
				Via: storage.ViaOP}
		}, 0},
		{"nobody at a page", func(fixture) storage.Actor { return storage.Actor{Via: storage.ViaPage} }, 0},
		{"nobody in a protocol request", func(fixture) storage.Actor { return storage.Actor{Via: storage.ViaOP} }, 0},
		{"nobody at all", func(fixture) storage.Actor { return storage.Actor{} }, 0},
	}
	for _, op := range operations {
		for _, who := range actors {
			t.Run(op.name+" as "+who.name, func(t *testing.T) {
				h := storetest.NewHouse(t)
				f := fixture{Redeemed: h.Redeemed(), other: h.User("other")}
				before := h.Engine.Commits()
				err := op.do(h, f, who.as(f))
				if who.may&op.may != 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if !errors.Is(err, storage.ErrForbidden) || h.Engine.Commits() != before {
					t.Errorf("answered %v after %d commits", err, h.Engine.Commits()-before)
				}
			})
		}
	}
}

func TestNobodyIsNotTheUserOfNothing(t *testing.T) {
	for _, via := range []storage.Via{"", storage.ViaPage, storage.ViaOP} {
		storetest.WantErr(t, storage.Actor{Via: via}.MayTouch(storage.ID{}), storage.ErrForbidden)
	}
}
