package storage

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"latchkey/storage/memory"

	"pgregory.net/rapid"
)

// past is what a random history has made so far.
type past struct {
	*house
	users    []ID
	clients  []string
	sessions []*Session
	grants   []*Grant
	links    []string
	made     int
	pass     func(time.Duration)
	sweeper  *Sweeper
}

// may passes over refusals: a history may do what makes no sense.
func (p *past) may(err error) bool {
	var invalid *Invalid
	var taken *Taken
	switch {
	case err == nil:
		return true
	case errors.As(err, &invalid), errors.As(err, &taken), errors.Is(err, ErrNotFound), errors.Is(err, ErrStale),
		errors.Is(err, ErrLink), errors.Is(err, ErrSetUp), errors.Is(err, ErrFinished):
	default:
		p.t.Fatal(err)
	}
	return false
}

func pick[T any](t *rapid.T, all []T) (v T, ok bool) {
	if len(all) == 0 {
		return v, false
	}
	return rapid.SampledFrom(all).Draw(t, "which"), true
}

// step is one random operation.
func (p *past) step(t *rapid.T) {
	user, hasUser := pick(t, p.users)
	client, hasClient := pick(t, p.clients)
	p.made++
	switch act := rapid.IntRange(0, 17).Draw(t, "act"); {
	case act == 0 || !hasUser:
		p.addUser(t)
	case act == 1 || !hasClient:
		c, err := p.Clients.Create(p.ctx, Operator, NewClient{ID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"), Metadata: webMetadata(), Secret: []byte("x")})
		if p.may(err) {
			p.clients = append(p.clients, c.ID)
		}
	case act <= 4:
		p.start(t, user)
	case act <= 7:
		p.authorize(t, client)
	case act <= 9:
		if g, ok := pick(t, p.grants); ok {
			_, err := p.Grants.Redeem(p.ctx, redemption(g))
			p.may(err)
		}
	case act == 10:
		if v, ok := pick(t, p.sessions); ok {
			p.may(rapid.SampledFrom([]func() error{
				func() error { return p.Sessions.End(p.ctx, Operator, v.ID) },
				func() error { return p.Sessions.Touch(p.ctx, v) },
			}).Draw(t, "session")())
		}
	case act == 11:
		p.changeUser(t, user)
	case act == 12:
		p.changeClient(t, client)
	case act == 13:
		p.may(p.Consents.Withdraw(p.ctx, Operator, user, client))
	case act == 14:
		p.link(t, user)
	case act == 15:
		p.resource(t)
	default:
		p.pass(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour, day, 7 * day, 31 * day}).Draw(t, "later"))
	}
}

// resource adds or changes an API. They fight for few scopes, most of which were
// another's before.
func (p *past) resource(t *rapid.T) {
	var scopes []ResourceScope
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID[string]).Draw(t, "scopes") {
		scopes = append(scopes, ResourceScope{Name: name, Words: "do " + name})
	}
	identifier := rapid.SampledFrom([]string{"urn:a", "urn:b"}).Draw(t, "identifier")
	v, err := p.Resources.Find(p.ctx, identifier)
	if errors.Is(err, ErrNotFound) {
		_, err := p.Resources.Create(p.ctx, Operator, Once{}, NewResource{Identifier: identifier, Name: "API", Scopes: scopes, Secret: []byte("x")})
		p.may(err)
		return
	}
	if !p.may(err) {
		return
	}
	p.may(rapid.SampledFrom([]func() error{
		func() error { _, err := p.Resources.Disable(p.ctx, Operator, v.ID, !v.Disabled); return err },
		func() error {
			_, err := p.Resources.Change(p.ctx, Operator, v.ID, 0, ResourceChange{Scopes: scopes})
			return err
		},
		func() error { return p.Resources.Delete(p.ctx, Operator, v.ID) },
	}).Draw(t, "resource")())
}

func (p *past) addUser(t *rapid.T) {
	u := User{Username: rapid.SampledFrom([]string{"ada", "ADA", "bob", "eve", "max"}).Draw(t, "name")}
	if rapid.Bool().Draw(t, "administers") {
		u.Roles = []Role{RoleAdmin}
	}
	if made, err := p.Users.Create(p.ctx, Operator, u); p.may(err) {
		p.users = append(p.users, made.ID)
	}
}

func (p *past) start(t *rapid.T, user ID) {
	u, err := p.Users.Get(p.ctx, user)
	if !p.may(err) {
		return
	}
	_, err = p.Attempts.Count(p.ctx, u.Username, u, []byte("browser"))
	p.may(err)
	n := NewSession{User: user, UserEpoch: u.Epoch, Browser: []byte("browser")}
	if v, ok := pick(t, p.sessions); ok && rapid.Bool().Draw(t, "replaces") {
		n.Replaces = v.ID
	}
	if v, err := p.Sessions.Start(p.ctx, n); p.may(err) {
		p.sessions = append(p.sessions, v)
	}
}

func (p *past) authorize(t *rapid.T, client string) {
	v, ok := pick(t, p.sessions)
	if !ok {
		return
	}
	n := p.newGrant(&User{ID: v.User}, &Client{ID: client}, v, rapid.SampledFrom(StandardScopes()).Draw(t, "scope"))
	n.Grant.Offline = rapid.Bool().Draw(t, "offline")
	if g, err := p.Grants.Create(p.ctx, n); p.may(err) {
		p.grants = append(p.grants, g)
	}
}

func (p *past) changeUser(t *rapid.T, user ID) {
	p.may(rapid.SampledFrom([]func() error{
		func() error { _, err := p.Users.Disable(p.ctx, Operator, user); return err },
		func() error { _, err := p.Users.Enable(p.ctx, Operator, user); return err },
		func() error { _, err := p.Users.SetPassword(p.ctx, Operator, user, []byte("x")); return err },
		func() error { return p.Users.Delete(p.ctx, Operator, user) },
		func() error { return p.Memberships.Set(p.ctx, Operator, Membership{User: user}) },
		func() error {
			_, err := p.Users.Change(p.ctx, Operator, user, UserChange{Username: ptr(fmt.Sprint("name", p.made)), Email: ptr("a@b.c"), Roles: &[]Role{RoleAdmin}})
			return err
		},
	}).Draw(t, "change")())
}

func (p *past) changeClient(t *rapid.T, client string) {
	p.may(rapid.SampledFrom([]func() error{
		func() error { _, err := p.Clients.SetState(p.ctx, Operator, client, ClientSuspended); return err },
		func() error { _, err := p.Clients.SetState(p.ctx, Operator, client, ClientApproved); return err },
		func() error {
			_, err := p.Clients.AddSecret(p.ctx, Operator, client, []byte("x"), "", time.Hour)
			return err
		},
		func() error { return p.Clients.Delete(p.ctx, Operator, client) },
	}).Draw(t, "change")())
}

func (p *past) link(t *rapid.T, user ID) {
	if hash, ok := pick(t, p.links); ok && rapid.Bool().Draw(t, "use") {
		_, err := p.Links.Recover(p.ctx, []byte(hash), "", []byte("x"), nil)
		p.may(err)
		return
	}
	hash := fmt.Sprint("link", p.made)
	if _, err := p.Links.Create(p.ctx, Operator, LinkRecovery, user, []byte(hash)); p.may(err) {
		p.links = append(p.links, hash)
	}
}

// alive is everything that works now.
func (p *past) alive() map[string]bool {
	alive := make(map[string]bool)
	for _, v := range p.sessions {
		alive["session "+v.ID.String()] = p.live(v)
	}
	for _, g := range p.grants {
		// An unused code, too, without using it.
		_, err := view(p.ctx, p.base, func(r reader) (*Access, error) { return p.base.access(r, g.ID, p.base.instant()) })
		var dead Dead
		if err != nil && !errors.As(err, &dead) {
			p.t.Fatal(err)
		}
		alive["grant "+g.ID.String()] = err == nil
	}
	for _, hash := range p.links {
		_, err := p.Links.Look(p.ctx, []byte(hash), LinkRecovery)
		alive[hash] = p.may(err)
	}
	return alive
}

// After any history the store is sound, sweeping changes nothing for anybody, and
// when all is over nothing is left of it.
func TestNoHistoryUnsettlesTheStoreAndSweepingIsNeverNoticed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		engine := memory.New(memory.Options{})
		h := &house{t: rt, ctx: t.Context(), clock: newClock(), engine: engine}
		h.Store = need(Open(h.ctx, engine, Options{Now: h.clock.Now}))(h)
		p := &past{house: h}
		p.sweeper, p.pass = h.sweeper()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			p.step(rt)
			if rapid.IntRange(0, 4).Draw(rt, "tick") > 0 {
				continue
			}
			before := p.alive()
			p.tick(p.sweeper)
			if after := p.alive(); !maps.Equal(before, after) {
				rt.Fatalf("before %v\nafter  %v", before, after)
			}
		}
		p.sound()
		sharedAsDecoded(t, h.base)
		p.pass(500 * day)
		h.pass(p.sweeper)
		for _, space := range []byte{spaceSessions, spaceSessionsByUser, spaceGrants, spaceGrantStates, spaceLinks, spaceAudit, spaceAuditBySubject} {
			if n := p.count(space); n != 0 {
				rt.Fatalf("%d keys are left in space %x", n, space)
			}
		}
		p.sound()
	})
}
