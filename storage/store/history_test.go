package store_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
	"pgregory.net/rapid"
)

// past is what a random history has made so far.
type past struct {
	*storetest.House
	users    []storage.ID
	clients  []string
	sessions []*people.Session
	grants   []*grants.Grant
	links    []string
	made     int
	pass     func(time.Duration)
	sweeper  *store.Sweeper
}

// may passes over refusals: a history may do what makes no sense.
func (p *past) may(err error) bool {
	var invalid *storage.Invalid
	var taken *storage.Taken
	switch {
	case err == nil:
		return true
	case errors.As(err, &invalid), errors.As(err, &taken), errors.Is(err, storage.ErrNotFound),
		errors.Is(err, storage.ErrStale),
		errors.Is(err, storage.ErrLink), errors.Is(err, storage.ErrSetUp), errors.Is(err, storage.ErrFinished):
	default:
		p.T.Fatal(err)
	}
	return false
}

// step is one random operation.
func (p *past) step(t *rapid.T) {
	user, hasUser := storetest.Pick(t, p.users)
	client, hasClient := storetest.Pick(t, p.clients)
	p.made++
	switch act := rapid.IntRange(0, 17).Draw(t, "act"); {
	case act == 0 || !hasUser:
		p.addUser(t)
	case act == 1 || !hasClient:
		c, err := p.Clients.Create(p.Ctx, storage.Operator,
			apps.NewClient{ID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"),
				Metadata: storetest.WebMetadata(), Secret: []byte("x")})
		if p.may(err) {
			p.clients = append(p.clients, c.ID)
		}
	case act <= 4:
		p.start(t, user)
	case act <= 7:
		p.authorize(t, client)
	case act <= 9:
		if g, ok := storetest.Pick(t, p.grants); ok {
			_, err := p.Grants.Redeem(p.Ctx, storetest.Redemption(g))
			p.may(err)
		}
	case act == 10:
		if v, ok := storetest.Pick(t, p.sessions); ok {
			p.may(rapid.SampledFrom([]func() error{
				func() error { return p.Sessions.End(p.Ctx, storage.Operator, v.ID) },
				func() error { return p.Sessions.Touch(p.Ctx, v) },
			}).Draw(t, "session")())
		}
	case act == 11:
		p.changeUser(t, user)
	case act == 12:
		p.changeClient(t, client)
	case act == 13:
		p.may(p.Consents.Withdraw(p.Ctx, storage.Operator, user, client))
	case act == 14:
		p.link(t, user)
	case act == 15:
		p.resource(t)
	default:
		p.pass(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour, storetest.Day,
			7 * storetest.Day, 31 * storetest.Day}).Draw(t, "later"))
	}
}

// resource adds or changes an API. They fight for few scopes, most of which were
// another's before.
func (p *past) resource(t *rapid.T) {
	var scopes []apps.ResourceScope
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3,
		rapid.ID[string]).Draw(t, "scopes") {
		scopes = append(scopes, apps.ResourceScope{Name: name, Words: "do " + name})
	}
	identifier := rapid.SampledFrom([]string{"urn:a", "urn:b"}).Draw(t, "identifier")
	v, err := p.Resources.Find(p.Ctx, identifier)
	if errors.Is(err, storage.ErrNotFound) {
		_, err := p.Resources.Create(p.Ctx, storage.Operator, policy.Once{},
			apps.NewResource{Identifier: identifier, Name: "API", Scopes: scopes, Secret: []byte("x")})
		p.may(err)
		return
	}
	if !p.may(err) {
		return
	}
	p.may(rapid.SampledFrom([]func() error{
		func() error { _, err := p.Resources.Disable(p.Ctx, storage.Operator, v.ID, !v.Disabled); return err },
		func() error {
			_, err := p.Resources.Change(p.Ctx, storage.Operator, v.ID, 0, apps.ResourceChange{Scopes: scopes})
			return err
		},
		func() error { return p.Resources.Delete(p.Ctx, storage.Operator, v.ID) },
	}).Draw(t, "resource")())
}

func (p *past) addUser(t *rapid.T) {
	u := people.User{Username: rapid.SampledFrom([]string{"ada", "ADA", "bob", "eve", "max"}).Draw(t, "name")}
	if rapid.Bool().Draw(t, "administers") {
		u.Roles = []storage.Role{storage.RoleAdmin}
	}
	if made, err := p.Users.Create(p.Ctx, storage.Operator, u); p.may(err) {
		p.users = append(p.users, made.ID)
	}
}

func (p *past) start(t *rapid.T, user storage.ID) {
	u, err := p.Users.Get(p.Ctx, user)
	if !p.may(err) {
		return
	}
	_, err = p.Attempts.Count(p.Ctx, u.Username, u, []byte("browser"))
	p.may(err)
	n := people.NewSession{User: user, UserEpoch: u.Epoch, Browser: []byte("browser")}
	if v, ok := storetest.Pick(t, p.sessions); ok && rapid.Bool().Draw(t, "replaces") {
		n.Replaces = v.ID
	}
	if v, err := p.Sessions.Start(p.Ctx, n); p.may(err) {
		p.sessions = append(p.sessions, v)
	}
}

func (p *past) authorize(t *rapid.T, client string) {
	v, ok := storetest.Pick(t, p.sessions)
	if !ok {
		return
	}
	n := p.NewGrant(&people.User{ID: v.User}, &apps.Client{ID: client}, v,
		rapid.SampledFrom(apps.StandardScopes()).Draw(t, "scope"))
	n.Grant.Offline = rapid.Bool().Draw(t, "offline")
	if g, err := p.Grants.Create(p.Ctx, n); p.may(err) {
		p.grants = append(p.grants, g)
	}
}

func (p *past) changeUser(t *rapid.T, user storage.ID) {
	p.may(rapid.SampledFrom([]func() error{
		func() error { _, err := p.Users.Disable(p.Ctx, storage.Operator, user); return err },
		func() error { _, err := p.Users.Enable(p.Ctx, storage.Operator, user); return err },
		func() error { _, err := p.Users.SetPassword(p.Ctx, storage.Operator, user, []byte("x")); return err },
		func() error { return p.Users.Delete(p.Ctx, storage.Operator, user) },
		func() error { return p.Memberships.Set(p.Ctx, storage.Operator, people.Membership{User: user}) },
		func() error {
			_, err := p.Users.Change(p.Ctx, storage.Operator, user,
				people.UserChange{Username: storetest.Ptr(fmt.Sprint("name", p.made)),
					Email: storetest.Ptr("a@b.c"), Roles: &[]storage.Role{storage.RoleAdmin}})
			return err
		},
	}).Draw(t, "change")())
}

func (p *past) changeClient(t *rapid.T, client string) {
	p.may(rapid.SampledFrom([]func() error{
		func() error {
			_, err := p.Clients.SetState(p.Ctx, storage.Operator, client, apps.ClientSuspended)
			return err
		},
		func() error {
			_, err := p.Clients.SetState(p.Ctx, storage.Operator, client, apps.ClientApproved)
			return err
		},
		func() error {
			_, err := p.Clients.AddSecret(p.Ctx, storage.Operator, client, []byte("x"), "", time.Hour)
			return err
		},
		func() error { return p.Clients.Delete(p.Ctx, storage.Operator, client) },
	}).Draw(t, "change")())
}

func (p *past) link(t *rapid.T, user storage.ID) {
	if hash, ok := storetest.Pick(t, p.links); ok && rapid.Bool().Draw(t, "use") {
		_, err := p.Links.Recover(p.Ctx, []byte(hash), "", []byte("x"), nil)
		p.may(err)
		return
	}
	hash := fmt.Sprint("link", p.made)
	if _, err := p.Links.Create(p.Ctx, storage.Operator, people.LinkRecovery, user, []byte(hash)); p.may(err) {
		p.links = append(p.links, hash)
	}
}

// alive is everything that works now.
func (p *past) alive() map[string]bool {
	alive := make(map[string]bool)
	for _, v := range p.sessions {
		alive["session "+v.ID.String()] = p.Live(v)
	}
	for _, g := range p.grants {
		// An unused code, too, without using it.
		_, err := table.View(p.Ctx, p.Floors.DB, func(r storetest.Reader) (*grants.Access, error) {
			return p.Floors.Grants.AccessIn(r, g.ID, p.Floors.DB.Instant())
		})
		var dead apps.Dead
		if err != nil && !errors.As(err, &dead) {
			p.T.Fatal(err)
		}
		alive["grant "+g.ID.String()] = err == nil
	}
	for _, hash := range p.links {
		_, err := p.Links.Look(p.Ctx, []byte(hash), people.LinkRecovery)
		alive[hash] = p.may(err)
	}
	return alive
}

// After any history the store is sound, sweeping changes nothing for anybody, and
// when all is over nothing is left of it.
func TestNoHistoryUnsettlesTheStoreAndSweepingIsNeverNoticed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		engine := memory.New(memory.Options{})
		h := &storetest.House{T: rt, Ctx: t.Context(), Clock: storetest.NewClock(), Engine: engine}
		h.Store = storetest.Need(store.Open(h.Ctx, engine, store.Options{Now: h.Clock.Now}))(h)
		p := &past{House: h}
		p.sweeper, p.pass = h.Sweeper()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			p.step(rt)
			if rapid.IntRange(0, 4).Draw(rt, "tick") > 0 {
				continue
			}
			before := p.alive()
			p.Tick(p.sweeper)
			if after := p.alive(); !maps.Equal(before, after) {
				rt.Fatalf("before %v\nafter  %v", before, after)
			}
		}
		p.Sound()
		storetest.SharedAsDecoded(t, h.Floors)
		p.pass(500 * storetest.Day)
		h.Pass(p.sweeper)
		for _, space := range []byte{table.SpaceSessions, table.SpaceSessionsByUser, table.SpaceGrants,
			table.SpaceGrantStates, table.SpaceLinks, table.SpaceAudit, table.SpaceAuditBySubject} {
			if n := p.Count(space); n != 0 {
				rt.Fatalf("%d keys are left in space %x", n, space)
			}
		}
		p.Sound()
	})
}
