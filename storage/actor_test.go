package storage

import (
	"errors"
	"testing"
)

// Who may do what, as one table over every operation done on somebody's behalf.
func TestWhoMayDoWhat(t *testing.T) {
	const (
		manager = 1 << iota // administrators and the operator only
		owner               // and the user it is about
	)
	type fixture struct {
		redeemed
		other *User
	}
	operations := []struct {
		name string
		may  int
		do   func(*house, fixture, Actor) error
	}{
		{"create a user", manager, func(h *house, _ fixture, by Actor) error {
			_, err := h.Users.Create(h.ctx, by, User{Username: "new"})
			return err
		}},
		{"change a user", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Users.Change(h.ctx, by, f.user.ID, UserChange{Roles: &[]Role{RoleAdmin}, EmailVerified: ptr(false)})
			return err
		}},
		{"set a password", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Users.SetPassword(h.ctx, by, f.user.ID, []byte("x"))
			return err
		}},
		{"disable a user", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Users.Disable(h.ctx, by, f.user.ID)
			return err
		}},
		{"enable a user", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Users.Enable(h.ctx, by, f.user.ID)
			return err
		}},
		{"delete a user", manager, func(h *house, f fixture, by Actor) error { return h.Users.Delete(h.ctx, by, f.user.ID) }},
		{"set a membership", manager, func(h *house, f fixture, by Actor) error {
			return h.Memberships.Set(h.ctx, by, Membership{User: f.user.ID})
		}},
		{"make a recovery link", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Links.Create(h.ctx, by, LinkRecovery, f.user.ID, []byte("x"))
			return err
		}},
		{"create a client", manager, func(h *house, _ fixture, by Actor) error {
			_, err := h.Clients.Create(h.ctx, by, NewClient{Metadata: webMetadata(), Secret: []byte("x")})
			return err
		}},
		{"change a client", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Clients.Change(h.ctx, by, f.client.ID, 0, webMetadata())
			return err
		}},
		{"approve a client", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Clients.SetState(h.ctx, by, f.client.ID, ClientApproved)
			return err
		}},
		{"give a client a secret", manager, func(h *house, f fixture, by Actor) error {
			_, err := h.Clients.AddSecret(h.ctx, by, f.client.ID, []byte("x"), "x", 0)
			return err
		}},
		{"delete a client", manager, func(h *house, f fixture, by Actor) error { return h.Clients.Delete(h.ctx, by, f.client.ID) }},
		{"change settings", manager, func(h *house, _ fixture, by Actor) error { return h.Settings.Set(h.ctx, by, DefaultSettings()) }},
		{"end a session", owner, func(h *house, f fixture, by Actor) error { return h.Sessions.End(h.ctx, by, f.session.ID) }},
		{"withdraw consent", owner, func(h *house, f fixture, by Actor) error {
			return h.Consents.Withdraw(h.ctx, by, f.user.ID, f.client.ID)
		}},
	}
	actors := []struct {
		name string
		as   func(fixture) Actor
		may  int
	}{
		{"the operator", func(fixture) Actor { return Operator }, manager | owner},
		{"a job", func(fixture) Actor { return Actor{Via: ViaJob} }, manager | owner},
		{"an administrator", func(f fixture) Actor { return Actor{User: f.other.ID, Roles: []Role{RoleAdmin}, Via: ViaPage} }, manager | owner},
		{"the user", func(f fixture) Actor { return f.user.Actor(ViaPage, "") }, owner},
		{"another user", func(f fixture) Actor { return f.other.Actor(ViaPage, "") }, 0},
		{"another user with a role of no meaning", func(f fixture) Actor { return Actor{User: f.other.ID, Roles: []Role{"owner"}, Via: ViaCLI} }, 0},
		{"a program", func(fixture) Actor { return Actor{Client: "robot", Via: ViaAPI} }, manager | owner},
		{"a program for an administrator", func(f fixture) Actor {
			return Actor{User: f.other.ID, Roles: []Role{RoleAdmin}, Client: "console", Via: ViaAPI}
		}, manager | owner},
		{"a program for another user", func(f fixture) Actor { return Actor{User: f.other.ID, Client: "console", Via: ViaAPI} }, 0},
		{"a program that may look", func(fixture) Actor { return Actor{Client: "robot", Via: ViaAPI, ReadOnly: true} }, 0},
		{"a program that may look, for an administrator", func(f fixture) Actor {
			return Actor{User: f.other.ID, Roles: []Role{RoleAdmin}, Client: "console", Via: ViaAPI, ReadOnly: true}
		}, 0},
		{"a program that may look, for the user", func(f fixture) Actor {
			return Actor{User: f.user.ID, Client: "console", Via: ViaAPI, ReadOnly: true}
		}, 0},
		{"a nameless program", func(fixture) Actor { return Actor{Via: ViaAPI} }, 0},
		{"a program at another door", func(fixture) Actor { return Actor{Client: "robot", Via: ViaOP} }, 0},
		{"nobody at a page", func(fixture) Actor { return Actor{Via: ViaPage} }, 0},
		{"nobody in a protocol request", func(fixture) Actor { return Actor{Via: ViaOP} }, 0},
		{"nobody at all", func(fixture) Actor { return Actor{} }, 0},
	}
	for _, op := range operations {
		for _, who := range actors {
			t.Run(op.name+" as "+who.name, func(t *testing.T) {
				h := newHouse(t)
				f := fixture{redeemed: h.redeemed(), other: h.user("other")}
				before := h.engine.Commits()
				err := op.do(h, f, who.as(f))
				if who.may&op.may != 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if !errors.Is(err, ErrForbidden) || h.engine.Commits() != before {
					t.Errorf("answered %v after %d commits", err, h.engine.Commits()-before)
				}
			})
		}
	}
}

func TestNobodyIsNotTheUserOfNothing(t *testing.T) {
	for _, via := range []Via{"", ViaPage, ViaOP} {
		wantErr(t, Actor{Via: via}.mayTouch(ID{}), ErrForbidden)
	}
}
