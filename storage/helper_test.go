package storage

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"latchkey/storage/bolt"
	"latchkey/storage/kv"
	"latchkey/storage/kv/kvtest"
	"latchkey/storage/memory"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// clock is set by hand. A ragged one ticks while it is looked at, and gives instants to
// those who come at once in another order than they come in.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	ragged bool
	looks  int
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ragged {
		return c.now
	}
	c.looks++
	return c.now.Add(time.Duration(c.looks*7%11-5) * 300 * time.Millisecond)
}

func (c *clock) setRagged(ragged bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ragged = ragged
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// house is a store over a strict engine, whose closures may not know the time, and
// what tests ask of it.
type house struct {
	*Store
	t interface {
		Helper()
		Fatal(...any)
		Fatalf(string, ...any)
	}
	ctx    context.Context
	clock  *clock
	engine interface {
		kv.Engine
		Commits() uint64
	}
}

// newHouse is one over an engine that makes each update run again after a conflict,
// on top of what Strict does.
func newHouse(t *testing.T) *house {
	t.Helper()
	return houseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}), Options{})
}

func houseOver(t *testing.T, engine interface {
	kv.Engine
	Commits() uint64
}, o Options) *house {
	t.Helper()
	h := &house{t: t, ctx: t.Context(), clock: newClock(), engine: engine}
	watched := &pure{Engine: kvtest.Strict(engine), t: t}
	o.Rand = watched
	o.Now = func() time.Time {
		watched.outside("the time")
		return h.clock.Now()
	}
	s, err := Open(t.Context(), watched, o)
	if err != nil {
		t.Fatal(err)
	}
	h.Store = s
	t.Cleanup(func() {
		sharedAsDecoded(t, s.base)
		engine.Close()
	})
	return h
}

// reopened is the same data in a store of a process started anew.
func (h *house) reopened(t *testing.T) *house {
	t.Helper()
	s, err := Open(t.Context(), kvtest.Strict(h.engine), Options{Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	again := *h
	again.Store = s
	return &again
}

// onEngines runs a property on each engine.
func onEngines(t *testing.T, property func(*testing.T, *house)) {
	t.Run("memory", func(t *testing.T) { property(t, newHouse(t)) })
	t.Run("bolt", func(t *testing.T) {
		engine, err := bolt.Open(filepath.Join(t.TempDir(), "data"), bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		property(t, houseOver(t, engine, Options{}))
	})
}

// sharedAsDecoded finds shared objects that somebody changed: each must still be
// what its record's bytes say.
func sharedAsDecoded(t *testing.T, b *base) {
	t.Helper()
	unchanged(t, &b.users)
	unchanged(t, &b.clients)
	unchanged(t, &b.sessions)
	unchanged(t, &b.scopes)
	unchanged(t, &b.settings)
	unchanged(t, &b.resources)
	unchanged(t, &b.edition)
}

func unchanged[T any](t *testing.T, records *table[T]) {
	t.Helper()
	records.cache.each(func(full, raw []byte, object *T) {
		want, err := records.decode(key(full[1:]), raw)
		if err != nil || !reflect.DeepEqual(object, want) {
			t.Errorf("a shared object of %s was changed: is %+v, was %+v, %v", records.name, object, want, err)
		}
	})
}

// need unwraps what cannot fail in this test.
func need[T any](v T, err error) func(*house) T {
	return func(h *house) T {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
		return v
	}
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("answered %v, want %v", err, want)
	}
}

func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var e *Invalid
	if !errors.As(err, &e) || e.Field != field {
		t.Errorf("answered %v, want a refusal of %s", err, field)
	}
}

func wantTaken(t *testing.T, err error, field string) {
	t.Helper()
	var e *Taken
	if !errors.As(err, &e) || e.Field != field {
		t.Errorf("answered %v, want that %s is taken", err, field)
	}
}

func (h *house) user(name string) *User {
	h.t.Helper()
	return need(h.Users.Create(h.ctx, Operator, User{Username: name, Password: []byte("sealed " + name)}))(h)
}

func (h *house) admin(name string) *User {
	h.t.Helper()
	return need(h.Users.Create(h.ctx, Operator, User{Username: name, Roles: []Role{RoleAdmin}}))(h)
}

func webMetadata() Metadata {
	return Metadata{ClientName: "Demo", RedirectURIs: []string{"https://app.example/cb"}}
}

func (h *house) client(id string) *Client {
	h.t.Helper()
	return need(h.Clients.Create(h.ctx, Operator, NewClient{ID: id, Metadata: webMetadata(), Secret: []byte("hash"), SecretLast4: "abcd"}))(h)
}

func (h *house) signIn(u *User) *Session {
	h.t.Helper()
	u = need(h.Users.Get(h.ctx, u.ID))(h)
	return need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, AMR: []string{"pwd"}, ACR: "urn:x"}))(h)
}

func (h *house) signInAgain(u *User, v *Session) *Session {
	h.t.Helper()
	return need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, Replaces: v.ID}))(h)
}

func (h *house) live(v *Session) bool {
	h.t.Helper()
	return len(need(h.Sessions.Live(h.ctx, []ID{v.ID}))(h)) == 1
}

// newGrant is a decided authorization with a page's consent to scopes.
func (h *house) newGrant(u *User, c *Client, v *Session, scopes ...string) NewGrant {
	h.t.Helper()
	id := h.Grants.NewID()
	st := need(h.Grants.Standing(h.ctx, id, c.ID, scopes, []ID{v.ID}))(h)
	n := NewGrant{Grant: Grant{ID: id, User: u.ID, ClientID: c.ID, Session: v.ID, Scopes: scopes,
		RedirectURI: "https://app.example/cb", CodeHash: codeHash(id), CodeChallenge: "challenge", Nonce: "n"},
		Consented: &ConsentChange{Scopes: scopes}}
	if st.Client != nil {
		n.ClientRevision = st.Client.Revision
	}
	if len(st.Accounts) == 1 && st.Accounts[0].Consent != nil {
		n.Grant.Consent = st.Accounts[0].Consent.ID
	}
	return n
}

func codeHash(id ID) []byte { return []byte("hash of the code of " + id.String()) }

func (h *house) grant(u *User, c *Client, v *Session, scopes ...string) *Grant {
	h.t.Helper()
	return need(h.Grants.Create(h.ctx, h.newGrant(u, c, v, scopes...)))(h)
}

func redemption(g *Grant) Redemption {
	return Redemption{Grant: g.ID, CodeHash: codeHash(g.ID), ClientUID: g.Client, RedirectURI: g.RedirectURI, Challenge: g.CodeChallenge}
}

func (h *house) redeem(g *Grant) Redeemed {
	h.t.Helper()
	return need(h.Grants.Redeem(h.ctx, redemption(g)))(h)
}

// redeemed is a grant in use: who, at what, signed in where.
type redeemed struct {
	user    *User
	client  *Client
	session *Session
	grant   *Grant
}

func (h *house) redeemed(scopes ...string) redeemed {
	h.t.Helper()
	if len(scopes) == 0 {
		scopes = []string{ScopeOpenID, ScopeEmail}
	}
	f := redeemed{user: h.user("ada"), client: h.client("demo")}
	f.session = h.signIn(f.user)
	f.grant = h.grant(f.user, f.client, f.session, scopes...)
	if out := h.redeem(f.grant); out.Access == nil {
		h.t.Fatal(out.Refused)
	}
	return f
}

// dead is why a grant is dead now; empty: it lives.
func (h *house) dead(g *Grant) Dead {
	h.t.Helper()
	_, err := h.Grants.Access(h.ctx, g.ID, nil)
	var dead Dead
	if err != nil && !errors.As(err, &dead) {
		h.t.Fatal(err)
	}
	return dead
}

func (h *house) sound() {
	h.t.Helper()
	for _, f := range need(h.Check(h.ctx))(h) {
		h.t.Fatalf("check: %v", f)
	}
}

// commits counts the commits of a call.
func (h *house) commits(call func()) uint64 {
	before := h.engine.Commits()
	call()
	return h.engine.Commits() - before
}

// count counts the keys of a space.
func (h *house) count(space byte) int {
	h.t.Helper()
	return need(view(h.ctx, h.base, func(r kv.Reader) (n int, err error) {
		for after := []byte(nil); ; {
			pairs, err := r.Scan(kv.Range{Prefix: []byte{space}, After: after, Limit: 1000})
			n += len(pairs)
			if after = goOn(pairs, 1000); err != nil || after == nil {
				return n, err
			}
		}
	}))(h)
}

// acts is the audit trail, oldest first.
func (h *house) acts() []Act {
	h.t.Helper()
	events, _, err := h.Audit.List(h.ctx, nil, 1000)
	h.ok(err)
	acts := make([]Act, len(events))
	for i, e := range events {
		acts[len(events)-1-i] = e.Act
	}
	return acts
}

// atOnce runs n calls at the same time, their instants a little apart and in no order,
// and counts their outcomes.
func (h *house) atOnce(n int, call func(i int) string) map[string]int {
	h.clock.setRagged(true)
	defer h.clock.setRagged(false)
	outcomes := make(chan string, n)
	start := make(chan struct{})
	for i := range n {
		go func() {
			<-start
			outcomes <- call(i)
		}()
	}
	close(start)
	counts := make(map[string]int)
	for range n {
		counts[<-outcomes]++
	}
	return counts
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *updateGolden {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs. If that is meant, go test -update and read the difference.\ngot:\n%s", path, got)
	}
}

func ptr[T any](v T) *T { return &v }

func names[T fmt.Stringer](all []T) (out []string) {
	for _, v := range all {
		out = append(out, v.String())
	}
	return out
}

type (
	reader = kv.Reader
	writer = kv.Txn
)

// plant writes past the rules.
func (h *house) plant(fn func(*base, writer) error) {
	h.t.Helper()
	h.ok(h.engine.Update(h.ctx, func(tx kv.Txn) error { return fn(h.base, tx) }))
}
