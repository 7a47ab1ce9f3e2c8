package storetest

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

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/bolt"
	"latchkey/storage/grants"
	"latchkey/storage/kv"
	"latchkey/storage/kv/kvtest"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/storage/table"
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

func NewClock() *clock { return &clock{now: time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC)} }

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

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// House is a store over a strict engine, whose closures may not know the time, and
// what tests ask of it.
type House struct {
	*store.Store
	T interface {
		Helper()
		Fatal(...any)
		Fatalf(string, ...any)
	}
	Ctx    context.Context
	Clock  *clock
	Engine interface {
		kv.Engine
		Commits() uint64
	}
}

// NewHouse is one over an engine that makes each update run again after a conflict,
// on top of what Strict does.
func NewHouse(t *testing.T) *House {
	t.Helper()
	return HouseOver(t, memory.New(memory.Options{Conflict: memory.ConflictFirst(1)}), store.Options{})
}

func HouseOver(t *testing.T, engine interface {
	kv.Engine
	Commits() uint64
}, o store.Options) *House {
	t.Helper()
	h := &House{T: t, Ctx: t.Context(), Clock: NewClock(), Engine: engine}
	watched := &pure{Engine: kvtest.Strict(engine), t: t}
	o.Rand = watched
	o.Now = func() time.Time {
		watched.outside("the time")
		return h.Clock.Now()
	}
	s, err := store.Open(t.Context(), watched, o)
	if err != nil {
		t.Fatal(err)
	}
	h.Store = s
	t.Cleanup(func() {
		SharedAsDecoded(t, s.Floors)
		engine.Close()
	})
	return h
}

// Reopened is the same data in a store of a process started anew.
func (h *House) Reopened(t *testing.T) *House {
	t.Helper()
	s, err := store.Open(t.Context(), kvtest.Strict(h.Engine), store.Options{Now: h.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	again := *h
	again.Store = s
	return &again
}

// OnEngines runs a property on each engine.
func OnEngines(t *testing.T, property func(*testing.T, *House)) {
	t.Run("memory", func(t *testing.T) { property(t, NewHouse(t)) })
	t.Run("bolt", func(t *testing.T) {
		engine, err := bolt.Open(filepath.Join(t.TempDir(), "data"), bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		property(t, HouseOver(t, engine, store.Options{}))
	})
}

// SharedAsDecoded finds shared objects that somebody changed: each must still be
// what its record's bytes say.
func SharedAsDecoded(t *testing.T, f *store.Floors) {
	t.Helper()
	unchanged(t, &f.People.Users)
	unchanged(t, &f.Apps.Clients)
	unchanged(t, &f.People.Sessions)
	unchanged(t, &f.Apps.Scopes)
	unchanged(t, &f.Policy.Settings)
	unchanged(t, &f.Apps.Resources)
	unchanged(t, &f.Apps.Edition)
}

func unchanged[T any](t *testing.T, records *table.Table[T]) {
	t.Helper()
	records.Cache.Each(func(full, raw []byte, object *T) {
		want, err := records.Decode(table.Key(full[1:]), raw)
		if err != nil || !reflect.DeepEqual(object, want) {
			t.Errorf("a shared object of %s was changed: is %+v, was %+v, %v", records.Name, object, want, err)
		}
	})
}

// Need unwraps what cannot fail in this test.
func Need[T any](v T, err error) func(*House) T {
	return func(h *House) T {
		h.T.Helper()
		if err != nil {
			h.T.Fatal(err)
		}
		return v
	}
}

func (h *House) Ok(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

func WantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("answered %v, want %v", err, want)
	}
}

func WantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var e *storage.Invalid
	if !errors.As(err, &e) || e.Field != field {
		t.Errorf("answered %v, want a refusal of %s", err, field)
	}
}

func WantTaken(t *testing.T, err error, field string) {
	t.Helper()
	var e *storage.Taken
	if !errors.As(err, &e) || e.Field != field {
		t.Errorf("answered %v, want that %s is taken", err, field)
	}
}

func (h *House) User(name string) *people.User {
	h.T.Helper()
	return Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: name, Password: []byte("sealed " + name)}))(h)
}

func (h *House) Admin(name string) *people.User {
	h.T.Helper()
	return Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: name, Roles: []storage.Role{storage.RoleAdmin}}))(h)
}

func WebMetadata() apps.Metadata {
	return apps.Metadata{ClientName: "Demo", RedirectURIs: []string{"https://app.example/cb"}}
}

func (h *House) Client(id string) *apps.Client {
	h.T.Helper()
	return Need(h.Clients.Create(h.Ctx, storage.Operator,
		apps.NewClient{ID: id, Metadata: WebMetadata(), Secret: []byte("hash"), SecretLast4: "abcd"}))(h)
}

func (h *House) SignIn(u *people.User) *people.Session {
	h.T.Helper()
	u = Need(h.Users.Get(h.Ctx, u.ID))(h)
	return Need(h.Sessions.Start(h.Ctx, people.NewSession{User: u.ID, UserEpoch: u.Epoch, AMR: []string{"pwd"},
		ACR: "urn:x"}))(h)
}

func (h *House) SignInAgain(u *people.User, v *people.Session) *people.Session {
	h.T.Helper()
	return Need(h.Sessions.Start(h.Ctx, people.NewSession{User: u.ID, UserEpoch: u.Epoch, Replaces: v.ID}))(h)
}

func (h *House) Live(v *people.Session) bool {
	h.T.Helper()
	return len(Need(h.Sessions.Live(h.Ctx, []storage.ID{v.ID}))(h)) == 1
}

// NewGrant is a decided authorization with a page's consent to scopes.
func (h *House) NewGrant(u *people.User, c *apps.Client, v *people.Session, scopes ...string) grants.NewGrant {
	h.T.Helper()
	id := h.Grants.NewID()
	st := Need(h.Grants.Standing(h.Ctx, id, c.ID, scopes, []storage.ID{v.ID}))(h)
	n := grants.NewGrant{Grant: grants.Grant{ID: id, User: u.ID, ClientID: c.ID, Session: v.ID, Scopes: scopes,
		RedirectURI: "https://app.example/cb", CodeHash: codeHash(id), CodeChallenge: "challenge", Nonce: "n"},
		Consented: &grants.ConsentChange{Scopes: scopes}}
	if st.Client != nil {
		n.ClientRevision = st.Client.Revision
	}
	if len(st.Accounts) == 1 && st.Accounts[0].Consent != nil {
		n.Grant.Consent = st.Accounts[0].Consent.ID
	}
	return n
}

func codeHash(id storage.ID) []byte { return []byte("hash of the code of " + id.String()) }

func (h *House) Grant(u *people.User, c *apps.Client, v *people.Session, scopes ...string) *grants.Grant {
	h.T.Helper()
	return Need(h.Grants.Create(h.Ctx, h.NewGrant(u, c, v, scopes...)))(h)
}

func Redemption(g *grants.Grant) grants.Redemption {
	return grants.Redemption{Grant: g.ID, CodeHash: codeHash(g.ID), ClientUID: g.Client, RedirectURI: g.RedirectURI,
		Challenge: g.CodeChallenge}
}

func (h *House) Redeem(g *grants.Grant) grants.Redeemed {
	h.T.Helper()
	return Need(h.Grants.Redeem(h.Ctx, Redemption(g)))(h)
}

// Redeemed is a grant in use: who, at what, signed in where.
type Redeemed struct {
	User    *people.User
	Client  *apps.Client
	Session *people.Session
	Grant   *grants.Grant
}

func (h *House) Redeemed(scopes ...string) Redeemed {
	h.T.Helper()
	if len(scopes) == 0 {
		scopes = []string{apps.ScopeOpenID, apps.ScopeEmail}
	}
	f := Redeemed{User: h.User("ada"), Client: h.Client("demo")}
	f.Session = h.SignIn(f.User)
	f.Grant = h.Grant(f.User, f.Client, f.Session, scopes...)
	if out := h.Redeem(f.Grant); out.Access == nil {
		h.T.Fatal(out.Refused)
	}
	return f
}

// Dead is why a grant is dead now; empty: it lives.
func (h *House) Dead(g *grants.Grant) apps.Dead {
	h.T.Helper()
	_, err := h.Grants.Access(h.Ctx, g.ID, nil)
	var dead apps.Dead
	if err != nil && !errors.As(err, &dead) {
		h.T.Fatal(err)
	}
	return dead
}

func (h *House) Sound() {
	h.T.Helper()
	for _, f := range Need(h.Check(h.Ctx))(h) {
		h.T.Fatalf("check: %v", f)
	}
}

// Commits counts the commits of a call.
func (h *House) Commits(call func()) uint64 {
	before := h.Engine.Commits()
	call()
	return h.Engine.Commits() - before
}

// Count counts the keys of a space.
func (h *House) Count(space byte) int {
	h.T.Helper()
	return Need(table.View(h.Ctx, h.Floors.DB, func(r kv.Reader) (n int, err error) {
		for after := []byte(nil); ; {
			pairs, err := r.Scan(kv.Range{Prefix: []byte{space}, After: after, Limit: 1000})
			n += len(pairs)
			if after = table.CursorAfter(pairs, 1000); err != nil || after == nil {
				return n, err
			}
		}
	}))(h)
}

// Acts is the audit trail, oldest first.
func (h *House) Acts() []audit.Act {
	h.T.Helper()
	events, _, err := h.Audit.List(h.Ctx, nil, 1000)
	h.Ok(err)
	acts := make([]audit.Act, len(events))
	for i, e := range events {
		acts[len(events)-1-i] = e.Act
	}
	return acts
}

// AtOnce runs n calls at the same time, their instants a little apart and in no order,
// and counts their outcomes.
func (h *House) AtOnce(n int, call func(i int) string) map[string]int {
	h.Clock.setRagged(true)
	defer h.Clock.setRagged(false)
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

func Outcome(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}

// Golden compares with a file of testdata.
func Golden(t *testing.T, name string, got []byte) {
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

func Ptr[T any](v T) *T { return &v }

func Names[T fmt.Stringer](all []T) (out []string) {
	for _, v := range all {
		out = append(out, v.String())
	}
	return out
}

type (
	Reader = kv.Reader
	Writer = kv.Txn
)

// Plant writes past the rules.
func (h *House) Plant(fn func(*store.Floors, Writer) error) {
	h.T.Helper()
	h.Ok(h.Engine.Update(h.Ctx, func(tx kv.Txn) error { return fn(h.Floors, tx) }))
}
