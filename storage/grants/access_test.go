package grants_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

// endings is everything that kills a grant, and the reason that is given.
var endings = []struct {
	name    string
	end     func(*storetest.House, storetest.Redeemed)
	dead    apps.Dead
	offline apps.Dead // of an offline grant
}{
	{"user disabled", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, f.User.ID))(h)
	}, apps.DeadUser, apps.DeadUser},
	{"user disabled and enabled", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, f.User.ID))(h)
		storetest.Need(h.Users.Enable(h.Ctx, storage.Operator, f.User.ID))(h)
	}, apps.DeadUser, apps.DeadUser},
	{"user disabled in any way", func(h *storetest.House, f storetest.Redeemed) {
		h.Plant(func(b *store.Floors, w storetest.Writer) error {
			u := *f.User
			u.Disabled = true
			return b.People.Users.Put(w, &u)
		})
	}, apps.DeadUser, apps.DeadUser},
	{"client suspended in any way", func(h *storetest.House, f storetest.Redeemed) {
		h.Plant(func(b *store.Floors, w storetest.Writer) error {
			c := *f.Client
			c.State = apps.ClientSuspended
			return b.Apps.Clients.Put(w, &c)
		})
	}, apps.DeadClient, apps.DeadClient},
	{"user deleted", func(h *storetest.House, f storetest.Redeemed) {
		h.Ok(h.Users.Delete(h.Ctx, storage.Operator, f.User.ID))
	}, apps.DeadUser, apps.DeadUser},
	{"password set", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Users.SetPassword(h.Ctx, storage.Operator, f.User.ID, []byte("x")))(h)
	}, apps.DeadUser, apps.DeadUser},
	{"client suspended", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, f.Client.ID, apps.ClientSuspended))(h)
	}, apps.DeadClient, apps.DeadClient},
	{"client suspended and approved", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, f.Client.ID, apps.ClientSuspended))(h)
		storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, f.Client.ID, apps.ClientApproved))(h)
	}, apps.DeadClient, apps.DeadClient},
	{"client no longer approved", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, f.Client.ID, apps.ClientDraft))(h)
	}, apps.DeadClient, apps.DeadClient},
	{"client deleted", func(h *storetest.House, f storetest.Redeemed) {
		h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, f.Client.ID))
	}, apps.DeadClient, apps.DeadClient},
	{"client deleted and added again", func(h *storetest.House, f storetest.Redeemed) {
		h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, f.Client.ID))
		h.Client(f.Client.ID)
	}, apps.DeadClient, apps.DeadClient},
	{"client open to other groups only", (*storetest.House).LeftOut, apps.DeadGroup, apps.DeadGroup},
	{"consent withdrawn", func(h *storetest.House, f storetest.Redeemed) {
		h.Ok(h.Consents.Withdraw(h.Ctx, f.User.Actor(storage.ViaPage, ""), f.User.ID, f.Client.ID))
	}, apps.DeadConsent, apps.DeadConsent},
	{"consent withdrawn and given again", func(h *storetest.House, f storetest.Redeemed) {
		h.Ok(h.Consents.Withdraw(h.Ctx, f.User.Actor(storage.ViaPage, ""), f.User.ID, f.Client.ID))
		h.Grant(f.User, f.Client, f.Session, f.Grant.Scopes...)
	}, apps.DeadConsent, apps.DeadConsent},
	{"session ended", func(h *storetest.House, f storetest.Redeemed) {
		h.Ok(h.Sessions.End(h.Ctx, storage.Operator, f.Session.ID))
	}, apps.DeadSession, ""},
	{"signed in again, twice", func(h *storetest.House, f storetest.Redeemed) {
		h.SignInAgain(f.User, h.SignInAgain(f.User, f.Session))
	}, "", ""},
	{"signed in again, and ended", func(h *storetest.House, f storetest.Redeemed) {
		h.Ok(h.Sessions.End(h.Ctx, storage.Operator, h.SignInAgain(f.User, h.SignInAgain(f.User, f.Session)).ID))
	}, apps.DeadSession, ""},
	{"signed in again, past the first session's absolute end", func(h *storetest.House, f storetest.Redeemed) {
		h.Clock.Add(time.Second)
		h.SignInAgain(f.User, f.Session)
		h.Lifetime(func(l *policy.Lifetimes) { l.SessionAbsolute = 300 })
	}, apps.DeadSession, ""},
	{"session past its absolute end", func(h *storetest.House, _ storetest.Redeemed) {
		h.Lifetime(func(l *policy.Lifetimes) { l.SessionAbsolute = 300 })
	}, apps.DeadSession, ""},
	{"session past its idle end only", func(h *storetest.House, _ storetest.Redeemed) { h.Idle() }, "", ""},
	{"nothing", func(*storetest.House, storetest.Redeemed) {}, "", ""},
	{"client changed", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, f.Client.ID, 0, storetest.WebMetadata()))(h)
		storetest.Need(h.Clients.AddSecret(h.Ctx, storage.Operator, f.Client.ID, []byte("x"), "", 0))(h)
	}, "", ""},
	{"user changed", func(h *storetest.House, f storetest.Redeemed) {
		storetest.Need(h.Users.Change(h.Ctx, storage.Operator, f.User.ID,
			people.UserChange{Username: storetest.Ptr("countess")}))(h)
	}, "", ""},
	{"consent widened", func(h *storetest.House, f storetest.Redeemed) {
		h.Grant(f.User, f.Client, f.Session, apps.ScopeProfile)
	}, "", ""},
	{"one scope withdrawn from the client", func(h *storetest.House, f storetest.Redeemed) {
		m := storetest.WebMetadata()
		m.Scopes = []string{apps.ScopeOpenID}
		storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, f.Client.ID, 0, m))(h)
	}, "", ""},
	{"all scopes withdrawn from the client", func(h *storetest.House, f storetest.Redeemed) {
		m := storetest.WebMetadata()
		m.Scopes = []string{apps.ScopePhone}
		storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, f.Client.ID, 0, m))(h)
	}, apps.DeadScopes, apps.DeadScopes},
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
				h := storetest.NewHouse(t)
				f := h.Begun(offline)
				if out := h.Redeem(f.Grant); out.Access == nil {
					t.Fatal(out.Refused)
				}
				e.end(h, f)
				if dead := h.Dead(f.Grant); dead != want {
					t.Errorf("dead: %q, want %q", dead, want)
				}
			})
			t.Run(name+", redeem", func(t *testing.T) {
				h := storetest.NewHouse(t)
				f := h.Begun(offline)
				e.end(h, f)
				out := h.Redeem(f.Grant)
				if want == "" && out.Access == nil || want != "" && out.Refused != want.Error() {
					t.Errorf("%+v, want %q", out, want)
				}
				if redeemed := !h.State(f.Grant).Redeemed.IsZero(); redeemed != (want == "") {
					t.Errorf("redeemed: %v", redeemed)
				}
			})
		}
	}
}

func TestAGrantIsDeadBeforeItsCodeIsRedeemedAndAfterItsEnd(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Begun(false)
	if dead := h.Dead(f.Grant); dead != apps.DeadNotIssued {
		t.Errorf("before: %q", dead)
	}
	h.Redeem(f.Grant)
	h.Clock.Add(time.Hour + 59*time.Second)
	if dead := h.Dead(f.Grant); dead != "" {
		t.Errorf("within: %q", dead)
	}
	h.Clock.Add(time.Second)
	if dead := h.Dead(f.Grant); dead != apps.DeadExpired {
		t.Errorf("after: %q", dead)
	}
	if dead := h.Dead(&grants.Grant{ID: h.Grants.NewID()}); dead != apps.DeadUnknown {
		t.Errorf("another: %q", dead)
	}
}

func TestAScopeThatIsNoLongerAllowedOnlyNarrows(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Redeemed(apps.ScopeOpenID, apps.ScopeEmail, apps.ScopePhone)
	access := func() *grants.Access { return storetest.Need(h.Grants.Access(h.Ctx, f.Grant.ID, nil))(h) }
	m := storetest.WebMetadata()
	m.Scopes = []string{apps.ScopePhone, apps.ScopeOpenID}
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, f.Client.ID, 0, m))(h)
	if a := access(); !slices.Equal(a.Scopes, []string{apps.ScopeOpenID, apps.ScopePhone}) ||
		slices.Contains(a.Claims, "email") {
		t.Errorf("%q, %q", a.Scopes, a.Claims)
	}
	h.Plant(func(floors *store.Floors, w storetest.Writer) error {
		return errors.Join(floors.Apps.Scopes.Delete(w, table.Key{}.Str(apps.ScopePhone)), floors.Apps.NewEdition(w))
	})
	if a := access(); !slices.Equal(a.Scopes, []string{apps.ScopeOpenID}) || !slices.Equal(a.Claims, []string{"sub"}) {
		t.Errorf("%q, %q", a.Scopes, a.Claims)
	}
	m.Scopes = []string{apps.ScopeEmail, apps.ScopeOpenID, apps.ScopeProfile}
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, f.Client.ID, 0, m))(h)
	if a := access(); !slices.Equal(a.Scopes, []string{apps.ScopeOpenID, apps.ScopeEmail}) {
		t.Errorf("%q", a.Scopes)
	}
}

func TestAGrantGivesNoMoreThanWasConsentedTo(t *testing.T) {
	h := storetest.NewHouse(t)
	u, c := h.User("ada"), h.Client("demo")
	n := h.NewGrant(u, c, h.SignIn(u), apps.ScopeOpenID, apps.ScopeEmail)
	n.Consented = &grants.ConsentChange{Scopes: []string{apps.ScopeOpenID}, Declined: []string{apps.ScopeEmail}}
	if a := h.Redeem(storetest.Need(h.Grants.Create(h.Ctx, n))(h)).Access; !slices.Equal(a.Scopes,
		[]string{apps.ScopeOpenID}) {
		t.Errorf("%q", a.Scopes)
	}
}

func TestMembershipIsReadOnlyForAGrantThatCoversIt(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	h.Ok(h.Memberships.Set(h.Ctx, storage.Operator, people.Membership{User: u.ID, IsPatron: true}))
	m := storetest.WebMetadata()
	m.Scopes = []string{apps.ScopeOpenID, apps.ScopePatreon}
	c := storetest.Need(h.Clients.Create(h.Ctx, storage.Operator,
		apps.NewClient{ID: "demo", Metadata: m, Secret: []byte("x")}))(h)
	v := h.SignIn(u)
	if a := h.Redeem(h.Grant(u, c, v, apps.ScopeOpenID)).Access; a.Membership != nil {
		t.Errorf("%+v", a.Membership)
	}
	if a := h.Redeem(h.Grant(u, c, v, apps.ScopePatreon)).Access; a.Membership == nil || !a.Membership.IsPatron {
		t.Errorf("%+v", a.Membership)
	}
}
