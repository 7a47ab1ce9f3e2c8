package storetest

import (
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/table"
	"pgregory.net/rapid"
)

func (h *House) Lifetime(change func(*policy.Lifetimes)) {
	h.T.Helper()
	set := Need(h.Settings.Get(h.Ctx))(h)
	change(&set.Lifetimes)
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, set))
}

// Idle makes sessions that were last used six minutes ago be past their idle end,
// the hour of grace included.
func (h *House) Idle() {
	h.Lifetime(func(l *policy.Lifetimes) { l.SessionIdle = 300 })
	h.Plant(func(f *store.Floors, w Writer) error {
		p, err := f.People.Sessions.Scan(w, nil, nil, 10, false)
		for _, v := range p.Items {
			v.Seen = v.Seen.Add(-2 * time.Hour)
			if err == nil {
				err = f.People.Sessions.Put(w, v)
			}
		}
		return err
	})
}

// Begun is a grant whose session began six minutes ago.
func (h *House) Begun(offline bool) Redeemed {
	h.T.Helper()
	f := Redeemed{User: h.User("ada"), Client: h.Client("demo")}
	f.Session = h.SignIn(f.User)
	h.Clock.Add(6 * time.Minute)
	n := h.NewGrant(f.User, f.Client, f.Session, apps.ScopeOpenID, apps.ScopeEmail)
	n.Grant.Offline = offline
	f.Grant = Need(h.Grants.Create(h.Ctx, n))(h)
	return f
}

func (h *House) Consent(u *people.User, c *apps.Client) *grants.Consent {
	h.T.Helper()
	return Need(table.View(h.Ctx, h.Floors.DB, func(r Reader) (*grants.Consent, error) {
		return h.Floors.Grants.Consents.Get(r, grants.ConsentKey(u.ID, c.UID))
	}))(h)
}

// Decide is a flow in which the user decided d.
func (h *House) Decide(u *people.User, c *apps.Client, v *people.Session, d grants.ConsentChange) *grants.Consent {
	h.T.Helper()
	n := h.NewGrant(u, c, v, d.Scopes...)
	n.Consented = &d
	Need(h.Grants.Create(h.Ctx, n))(h)
	return h.Consent(u, c)
}

func (h *House) CapAt(most uint32) {
	h.T.Helper()
	set := h.SettingsNow()
	set.OfflineGrants = most
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, set))
}

func Pick[T any](t *rapid.T, all []T) (v T, ok bool) {
	if len(all) == 0 {
		return v, false
	}
	return rapid.SampledFrom(all).Draw(t, "which"), true
}

func (h *House) State(g *grants.Grant) grants.GrantState {
	h.T.Helper()
	return *Need(table.View(h.Ctx, h.Floors.DB, func(r Reader) (*grants.GrantState, error) {
		return storage.Found(h.Floors.Grants.GrantStates.Get(r, table.Key{}.ID(g.ID)))
	}))(h)
}

// Refreshable is a redeemed offline grant with refresh tokens.
func (h *House) Refreshable() *grants.Grant {
	h.T.Helper()
	u, c := h.User("ada"), h.Client("demo")
	n := h.NewGrant(u, c, h.SignIn(u), apps.ScopeOpenID, apps.ScopeOfflineAccess)
	n.Grant.Offline, n.Grant.RefreshSecret = true, []byte("secret")
	g := Need(h.Grants.Create(h.Ctx, n))(h)
	h.Redeem(g)
	return g
}

func (h *House) Refresh(g *grants.Grant, generation uint32) grants.Refreshed {
	h.T.Helper()
	return Need(h.Grants.Refresh(h.Ctx, grants.Refresh{Grant: g.ID, Generation: generation, ClientUID: g.Client}))(h)
}
