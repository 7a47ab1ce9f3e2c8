package storetest

import (
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/people"
)

// Imports imports one account, and returns why it was refused.
func (h *House) Imports(c people.UserChange) error {
	h.T.Helper()
	done := Need(h.Users.Import(h.Ctx, storage.Operator, people.UserImportOptions{Update: true},
		[]people.UserImport{{ID: h.Users.NewID(), Change: c}}))(h)
	return done[0].Err
}

func (h *House) Attempt(name string, u *people.User, browser string) time.Duration {
	h.T.Helper()
	return Need(h.Attempts.Count(h.Ctx, name, u, []byte(browser)))(h)
}

// DetailsOf are the details of the acts of one kind that the audit trail has of a user.
func (h *House) DetailsOf(act audit.Act, u *people.User) (details []string) {
	events, _, err := h.Audit.OfUser(h.Ctx, u.ID, nil, 100)
	h.Ok(err)
	for _, e := range events {
		if e.Act == act {
			details = append(details, e.Detail)
		}
	}
	return details
}

// Guess makes attempts from a stranger, waiting as long as it takes.
func (h *House) Guess(u *people.User, n int) {
	for n > 0 {
		if wait := h.Attempt("ada", u, "stranger"); wait > 0 {
			h.Clock.Add(wait)
		} else {
			n--
		}
	}
}

func (h *House) Group(name string) *people.Group {
	h.T.Helper()
	return Need(h.Groups.Create(h.Ctx, storage.Operator, name, ""))(h)
}

func (h *House) Allow(client string, groups ...*people.Group) {
	h.T.Helper()
	m := WebMetadata()
	m.Scopes = append(apps.StandardScopes(), apps.ScopeGroups)
	for _, g := range groups {
		m.AllowedGroups = append(m.AllowedGroups, g.ID)
	}
	Need(h.Clients.Change(h.Ctx, storage.Operator, client, 0, m))(h)
}

func (h *House) GroupsOf(u *people.User) []string {
	h.T.Helper()
	return Need(h.Groups.Names(h.Ctx, Need(h.Users.Get(h.Ctx, u.ID))(h).Groups))(h)
}

func (h *House) LeftOut(f Redeemed) {
	h.Allow(f.Client.ID, h.Group("crew"))
}

func (h *House) SetUpLink(hash string) {
	h.T.Helper()
	Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkSetUp, storage.ID{}, []byte(hash)))(h)
}

func (h *House) SetUp(hash, name string) error {
	_, err := h.Users.SetUp(h.Ctx, []byte(hash), "",
		people.User{Username: name, Email: name + "@example.org", EmailVerified: true})
	return err
}

// PasswordChange is what a page sends from a session of u.
func (h *House) PasswordChange(u *people.User, v *people.Session, endOthers bool) people.PasswordChange {
	h.T.Helper()
	u = Need(h.Users.Get(h.Ctx, u.ID))(h)
	return people.PasswordChange{Old: u.Password, New: []byte("sealed anew"), EndOthers: endOthers,
		Session: people.NewSession{User: u.ID, UserEpoch: u.Epoch, Replaces: v.ID, Browser: []byte("here"),
			AMR: []string{"pwd"}}}
}

func (h *House) ChangePassword(u *people.User, c people.PasswordChange) (*people.PasswordChanged, error) {
	return h.Users.ChangePassword(h.Ctx, u.Actor(storage.ViaPage, "r1"), c)
}

// LastEvent is the newest event of an act.
func (h *House) LastEvent(act audit.Act) *audit.Event {
	h.T.Helper()
	events, _, err := h.Audit.List(h.Ctx, nil, 1000)
	h.Ok(err)
	for _, e := range events {
		if e.Act == act {
			return e
		}
	}
	h.T.Fatalf("no %s in %v", act, h.Acts())
	return nil
}

const Day = 24 * time.Hour
