package storage

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// endings is everything that kills a grant, and the reason that is given.
var endings = []struct {
	name    string
	end     func(*house, redeemed)
	dead    Dead
	offline Dead // of an offline grant
}{
	{"user disabled", func(h *house, f redeemed) { need(h.Users.Disable(h.ctx, Operator, f.user.ID))(h) }, DeadUser, DeadUser},
	{"user disabled and enabled", func(h *house, f redeemed) {
		need(h.Users.Disable(h.ctx, Operator, f.user.ID))(h)
		need(h.Users.Enable(h.ctx, Operator, f.user.ID))(h)
	}, DeadUser, DeadUser},
	{"user disabled in any way", func(h *house, f redeemed) {
		h.plant(func(b *base, w writer) error {
			u := *f.user
			u.Disabled = true
			return b.users.put(w, &u)
		})
	}, DeadUser, DeadUser},
	{"client suspended in any way", func(h *house, f redeemed) {
		h.plant(func(b *base, w writer) error {
			c := *f.client
			c.State = ClientSuspended
			return b.clients.put(w, &c)
		})
	}, DeadClient, DeadClient},
	{"user deleted", func(h *house, f redeemed) { h.ok(h.Users.Delete(h.ctx, Operator, f.user.ID)) }, DeadUser, DeadUser},
	{"password set", func(h *house, f redeemed) { need(h.Users.SetPassword(h.ctx, Operator, f.user.ID, []byte("x")))(h) }, DeadUser, DeadUser},
	{"client suspended", func(h *house, f redeemed) {
		need(h.Clients.SetState(h.ctx, Operator, f.client.ID, ClientSuspended))(h)
	}, DeadClient, DeadClient},
	{"client suspended and approved", func(h *house, f redeemed) {
		need(h.Clients.SetState(h.ctx, Operator, f.client.ID, ClientSuspended))(h)
		need(h.Clients.SetState(h.ctx, Operator, f.client.ID, ClientApproved))(h)
	}, DeadClient, DeadClient},
	{"client no longer approved", func(h *house, f redeemed) {
		need(h.Clients.SetState(h.ctx, Operator, f.client.ID, ClientDraft))(h)
	}, DeadClient, DeadClient},
	{"client deleted", func(h *house, f redeemed) { h.ok(h.Clients.Delete(h.ctx, Operator, f.client.ID)) }, DeadClient, DeadClient},
	{"client deleted and added again", func(h *house, f redeemed) {
		h.ok(h.Clients.Delete(h.ctx, Operator, f.client.ID))
		h.client(f.client.ID)
	}, DeadClient, DeadClient},
	{"client open to other groups only", (*house).leftOut, DeadGroup, DeadGroup},
	{"consent withdrawn", func(h *house, f redeemed) {
		h.ok(h.Consents.Withdraw(h.ctx, f.user.Actor(ViaPage, ""), f.user.ID, f.client.ID))
	}, DeadConsent, DeadConsent},
	{"consent withdrawn and given again", func(h *house, f redeemed) {
		h.ok(h.Consents.Withdraw(h.ctx, f.user.Actor(ViaPage, ""), f.user.ID, f.client.ID))
		h.grant(f.user, f.client, f.session, f.grant.Scopes...)
	}, DeadConsent, DeadConsent},
	{"session ended", func(h *house, f redeemed) { h.ok(h.Sessions.End(h.ctx, Operator, f.session.ID)) }, DeadSession, ""},
	{"signed in again, twice", func(h *house, f redeemed) { h.signInAgain(f.user, h.signInAgain(f.user, f.session)) }, "", ""},
	{"signed in again, and ended", func(h *house, f redeemed) {
		h.ok(h.Sessions.End(h.ctx, Operator, h.signInAgain(f.user, h.signInAgain(f.user, f.session)).ID))
	}, DeadSession, ""},
	{"signed in again, past the first session's absolute end", func(h *house, f redeemed) {
		h.clock.add(time.Second)
		h.signInAgain(f.user, f.session)
		h.lifetime(func(l *Lifetimes) { l.SessionAbsolute = 300 })
	}, DeadSession, ""},
	{"session past its absolute end", func(h *house, _ redeemed) { h.lifetime(func(l *Lifetimes) { l.SessionAbsolute = 300 }) }, DeadSession, ""},
	{"session past its idle end only", func(h *house, _ redeemed) { h.idle() }, "", ""},
	{"nothing", func(*house, redeemed) {}, "", ""},
	{"client changed", func(h *house, f redeemed) {
		need(h.Clients.Change(h.ctx, Operator, f.client.ID, 0, webMetadata()))(h)
		need(h.Clients.AddSecret(h.ctx, Operator, f.client.ID, []byte("x"), "", 0))(h)
	}, "", ""},
	{"user changed", func(h *house, f redeemed) {
		need(h.Users.Change(h.ctx, Operator, f.user.ID, UserChange{Username: ptr("countess")}))(h)
	}, "", ""},
	{"consent widened", func(h *house, f redeemed) { h.grant(f.user, f.client, f.session, ScopeProfile) }, "", ""},
	{"one scope withdrawn from the client", func(h *house, f redeemed) {
		m := webMetadata()
		m.Scopes = []string{ScopeOpenID}
		need(h.Clients.Change(h.ctx, Operator, f.client.ID, 0, m))(h)
	}, "", ""},
	{"all scopes withdrawn from the client", func(h *house, f redeemed) {
		m := webMetadata()
		m.Scopes = []string{ScopePhone}
		need(h.Clients.Change(h.ctx, Operator, f.client.ID, 0, m))(h)
	}, DeadScopes, DeadScopes},
}

func (h *house) lifetime(change func(*Lifetimes)) {
	h.t.Helper()
	set := need(h.Settings.Get(h.ctx))(h)
	change(&set.Lifetimes)
	h.ok(h.Settings.Set(h.ctx, Operator, set))
}

// idle makes sessions that were last used six minutes ago be past their idle end,
// the hour of grace included.
func (h *house) idle() {
	h.lifetime(func(l *Lifetimes) { l.SessionIdle = 300 })
	h.plant(func(b *base, w writer) error {
		p, err := b.sessions.scan(w, nil, nil, 10, false)
		for _, v := range p.items {
			v.Seen = v.Seen.Add(-2 * time.Hour)
			if err == nil {
				err = b.sessions.put(w, v)
			}
		}
		return err
	})
}

// begun is a grant whose session began six minutes ago.
func (h *house) begun(offline bool) redeemed {
	h.t.Helper()
	f := redeemed{user: h.user("ada"), client: h.client("demo")}
	f.session = h.signIn(f.user)
	h.clock.add(6 * time.Minute)
	n := h.newGrant(f.user, f.client, f.session, ScopeOpenID, ScopeEmail)
	n.Grant.Offline = offline
	f.grant = need(h.Grants.Create(h.ctx, n))(h)
	return f
}

// Every check holds at every use, at the very next call.
func TestWhatKillsAGrantKillsItAtEveryUse(t *testing.T) {
	for _, e := range endings {
		for _, offline := range []bool{false, true} {
			want := e.dead
			if offline {
				want = e.offline
			}
			name := e.name
			if offline {
				name += ", offline"
			}
			t.Run(name+", access", func(t *testing.T) {
				h := newHouse(t)
				f := h.begun(offline)
				if out := h.redeem(f.grant); out.Access == nil {
					t.Fatal(out.Refused)
				}
				e.end(h, f)
				if dead := h.dead(f.grant); dead != want {
					t.Errorf("dead: %q, want %q", dead, want)
				}
			})
			t.Run(name+", redeem", func(t *testing.T) {
				h := newHouse(t)
				f := h.begun(offline)
				e.end(h, f)
				out := h.redeem(f.grant)
				if want == "" && out.Access == nil || want != "" && out.Refused != want.Error() {
					t.Errorf("%+v, want %q", out, want)
				}
				if redeemed := !h.state(f.grant).Redeemed.IsZero(); redeemed != (want == "") {
					t.Errorf("redeemed: %v", redeemed)
				}
			})
		}
	}
}

func TestAGrantIsDeadBeforeItsCodeIsRedeemedAndAfterItsEnd(t *testing.T) {
	h := newHouse(t)
	f := h.begun(false)
	if dead := h.dead(f.grant); dead != DeadNotIssued {
		t.Errorf("before: %q", dead)
	}
	h.redeem(f.grant)
	h.clock.add(time.Hour + 59*time.Second)
	if dead := h.dead(f.grant); dead != "" {
		t.Errorf("within: %q", dead)
	}
	h.clock.add(time.Second)
	if dead := h.dead(f.grant); dead != DeadExpired {
		t.Errorf("after: %q", dead)
	}
	if dead := h.dead(&Grant{ID: h.Grants.NewID()}); dead != DeadUnknown {
		t.Errorf("another: %q", dead)
	}
}

func TestAScopeThatIsNoLongerAllowedOnlyNarrows(t *testing.T) {
	h := newHouse(t)
	f := h.redeemed(ScopeOpenID, ScopeEmail, ScopePhone)
	access := func() *Access { return need(h.Grants.Access(h.ctx, f.grant.ID, nil))(h) }
	m := webMetadata()
	m.Scopes = []string{ScopePhone, ScopeOpenID}
	need(h.Clients.Change(h.ctx, Operator, f.client.ID, 0, m))(h)
	if a := access(); !slices.Equal(a.Scopes, []string{ScopeOpenID, ScopePhone}) || slices.Contains(a.Claims, "email") {
		t.Errorf("%q, %q", a.Scopes, a.Claims)
	}
	h.plant(func(b *base, w writer) error {
		return errors.Join(b.scopes.delete(w, key{}.str(ScopePhone)), b.changed(w))
	})
	if a := access(); !slices.Equal(a.Scopes, []string{ScopeOpenID}) || !slices.Equal(a.Claims, []string{"sub"}) {
		t.Errorf("%q, %q", a.Scopes, a.Claims)
	}
	m.Scopes = []string{ScopeEmail, ScopeOpenID, ScopeProfile}
	need(h.Clients.Change(h.ctx, Operator, f.client.ID, 0, m))(h)
	if a := access(); !slices.Equal(a.Scopes, []string{ScopeOpenID, ScopeEmail}) {
		t.Errorf("%q", a.Scopes)
	}
}

func TestAGrantGivesNoMoreThanWasConsentedTo(t *testing.T) {
	h := newHouse(t)
	u, c := h.user("ada"), h.client("demo")
	n := h.newGrant(u, c, h.signIn(u), ScopeOpenID, ScopeEmail)
	n.Consented = &ConsentChange{Scopes: []string{ScopeOpenID}, Declined: []string{ScopeEmail}}
	if a := h.redeem(need(h.Grants.Create(h.ctx, n))(h)).Access; !slices.Equal(a.Scopes, []string{ScopeOpenID}) {
		t.Errorf("%q", a.Scopes)
	}
}

func TestMembershipIsReadOnlyForAGrantThatCoversIt(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	h.ok(h.Memberships.Set(h.ctx, Operator, Membership{User: u.ID, IsPatron: true}))
	m := webMetadata()
	m.Scopes = []string{ScopeOpenID, ScopePatreon}
	c := need(h.Clients.Create(h.ctx, Operator, NewClient{ID: "demo", Metadata: m, Secret: []byte("x")}))(h)
	v := h.signIn(u)
	if a := h.redeem(h.grant(u, c, v, ScopeOpenID)).Access; a.Membership != nil {
		t.Errorf("%+v", a.Membership)
	}
	if a := h.redeem(h.grant(u, c, v, ScopePatreon)).Access; a.Membership == nil || !a.Membership.IsPatron {
		t.Errorf("%+v", a.Membership)
	}
}
