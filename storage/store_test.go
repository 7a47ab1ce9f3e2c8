package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/memory"
)

func TestAFileOfANewerVersionIsRefusedInAClearSentence(t *testing.T) {
	h := newHouse(t)
	h.plant(func(b *base, w writer) error {
		raw, err := encode(meta{Schema: schema + 1})
		return errors.Join(err, w.Put([]byte{spaceMeta}, raw))
	})
	before := h.engine.Commits()
	_, err := Open(h.ctx, h.engine, Options{})
	if err == nil || !strings.Contains(err.Error(), "written by a newer Latchkey") || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("%v", err)
	}
	if h.engine.Commits() != before {
		t.Error("the file was changed")
	}
}

func TestAFileWhoseSchemaCannotBeReadIsRefused(t *testing.T) {
	h := newHouse(t)
	h.plant(func(_ *base, w writer) error { return w.Put([]byte{spaceMeta}, []byte("rubbish")) })
	_, err := Open(h.ctx, h.engine, Options{})
	wantErr(t, err, errRecord)
}

func TestOpeningAgainWritesNothing(t *testing.T) {
	h := newHouse(t)
	if n := h.commits(func() { h.reopened(t) }); n != 0 {
		t.Errorf("%d commits", n)
	}
	h.plant(func(b *base, w writer) error { return b.scopes.delete(w, key{}.str(ScopePhone)) })
	h.reopened(t)
	if h.count(spaceScopes) != len(standardScopes())+len(firstPartyScopes())-1 {
		t.Error("a scope that was taken out came back")
	}
}

// A file that an older version made knows nothing of first-party scopes; one that was
// tampered with may have others under their names.
func TestOpeningAnOlderFileAddsTheFirstPartyScopesOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		want := need(h.Scopes.Catalogue(h.ctx))(h).Offers
		h.plant(func(b *base, w writer) error {
			return errors.Join(b.scopes.delete(w, key{}.str(ScopeAdminRead)),
				b.scopes.put(w, &Scope{Name: ScopeAdmin, Words: "say hello"}))
		})
		var again *house
		if n := h.commits(func() { again = h.reopened(t) }); n != 1 {
			t.Errorf("%d commits", n)
		}
		if got := need(again.Scopes.Catalogue(h.ctx))(h).Offers; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v", got)
		}
		if n := h.commits(func() { h.reopened(t) }); n != 0 {
			t.Errorf("%d commits the second time", n)
		}
	})
}

// Standard scopes are stored when a file is begun. What consent says of them must cover
// what they give, in files of before too.
func TestOpeningAnOlderFileCorrectsTheWordsOfScopes(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		want := need(h.Scopes.Catalogue(h.ctx))(h).Offers
		h.plant(func(b *base, w writer) error {
			var failed error
			for name, words := range map[string]string{ScopeProfile: "see your name and picture", ScopePatreon: "see your Patreon membership"} {
				sc, err := b.scopes.get(w, key{}.str(name))
				if err == nil {
					sc.Words = words
					err = b.scopes.put(w, sc)
				}
				failed = errors.Join(failed, err)
			}
			return failed
		})
		var again *house
		if n := h.commits(func() { again = h.reopened(t) }); n != 1 {
			t.Errorf("%d commits", n)
		}
		if got := need(again.Scopes.Catalogue(h.ctx))(h).Offers; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v", got)
		}
		if n := h.commits(func() { h.reopened(t) }); n != 0 {
			t.Errorf("%d commits the second time", n)
		}
	})
}

func TestEverythingSurvivesReopening(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		f := h.redeemed()
		again := h.reopened(t)
		if u := need(again.Users.Get(h.ctx, f.user.ID))(again); !reflect.DeepEqual(u, f.user) {
			t.Errorf("%+v, was %+v", u, f.user)
		}
		if c := need(again.Clients.Get(h.ctx, "demo"))(again); !reflect.DeepEqual(c, f.client) {
			t.Errorf("%+v, was %+v", c, f.client)
		}
		if again.dead(f.grant) != "" || !again.live(f.session) {
			t.Error("a grant or a session ended")
		}
		again.sound()
	})
}

// Whoever is not signed in reads only.
func TestAnonymousRequestsWriteNothing(t *testing.T) {
	h := houseOver(t, memory.New(memory.Options{}), Options{})
	h.client("demo")
	if n := h.commits(func() {
		for i := range 2000 {
			name := fmt.Sprint("nobody", i)
			need(h.Grants.Standing(h.ctx, h.Grants.NewID(), "demo", StandardScopes(), []ID{h.Grants.NewID()}))(h)
			need(h.Sessions.Live(h.ctx, []ID{h.Grants.NewID()}))(h)
			need(h.Attempts.Count(h.ctx, name, nil, []byte(name)))(h)
			need(h.Grants.Redeem(h.ctx, Redemption{Grant: h.Grants.NewID(), CodeHash: []byte("x")}))(h)
			_, err := h.Users.ByLogin(h.ctx, name)
			wantErr(t, err, ErrNotFound)
			_, err = h.Links.Look(h.ctx, []byte(name), LinkSetUp)
			wantErr(t, err, ErrLink)
			_, err = h.Links.Recover(h.ctx, []byte(name), "", []byte("x"), nil)
			wantErr(t, err, ErrLink)
			wantErr(t, h.Sessions.End(h.ctx, Actor{Via: ViaPage}, h.Grants.NewID()), nil)
			_, err = h.Grants.Access(h.ctx, h.Grants.NewID(), nil)
			wantErr(t, err, DeadUnknown)
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
}

// broken answers every call with an error.
type broken struct{ kv.Engine }

var errBroken = errors.New("broken")

func (broken) View(context.Context, func(kv.Reader) error) error { return errBroken }
func (broken) Update(context.Context, func(kv.Txn) error) error  { return errBroken }

// An error never comes with half a result that somebody could take for one.
func TestAnErrorComesWithNothingElse(t *testing.T) {
	h := newHouse(t)
	f := h.redeemed()
	n := h.newGrant(f.user, f.client, f.session, ScopeOpenID)
	h.base.engine = broken{h.engine}
	for name, call := range map[string]func() (any, error){
		"Users.Create":   func() (any, error) { return h.Users.Create(h.ctx, Operator, User{Username: "x"}) },
		"Users.Change":   func() (any, error) { return h.Users.Change(h.ctx, Operator, f.user.ID, UserChange{}) },
		"Users.Get":      func() (any, error) { return h.Users.Get(h.ctx, f.user.ID) },
		"Users.Find":     func() (any, error) { return h.Users.Find(h.ctx, "ada") },
		"Users.SetUp":    func() (any, error) { return h.Users.SetUp(h.ctx, []byte("x"), "", User{Username: "x"}) },
		"Users.HasAdmin": func() (any, error) { return h.Users.HasAdmin(h.ctx) },
		"Clients.Get":    func() (any, error) { return h.Clients.Get(h.ctx, "demo") },
		"Clients.Create": func() (any, error) {
			return h.Clients.Create(h.ctx, Operator, NewClient{Metadata: webMetadata(), Secret: []byte("x")})
		},
		"Sessions.Start":   func() (any, error) { return h.Sessions.Start(h.ctx, NewSession{User: f.user.ID}) },
		"Sessions.Live":    func() (any, error) { return h.Sessions.Live(h.ctx, []ID{f.session.ID}) },
		"Grants.Create":    func() (any, error) { return h.Grants.Create(h.ctx, n) },
		"Grants.Standing":  func() (any, error) { return h.Grants.Standing(h.ctx, ID{}, "demo", nil, nil) },
		"Grants.Redeem":    func() (any, error) { return h.Grants.Redeem(h.ctx, redemption(f.grant)) },
		"Grants.Access":    func() (any, error) { return h.Grants.Access(h.ctx, f.grant.ID, nil) },
		"Consents.OfUser":  func() (any, error) { return h.Consents.OfUser(h.ctx, f.user.ID, 1) },
		"Links.Look":       func() (any, error) { return h.Links.Look(h.ctx, nil, LinkSetUp) },
		"Links.Create":     func() (any, error) { return h.Links.Create(h.ctx, Operator, LinkSetUp, ID{}, []byte("x")) },
		"Links.Recover":    func() (any, error) { return h.Links.Recover(h.ctx, nil, "", nil, nil) },
		"Memberships.Get":  func() (any, error) { return h.Memberships.Get(h.ctx, f.user.ID) },
		"Settings.Get":     func() (any, error) { return h.Settings.Get(h.ctx) },
		"Scopes.Catalogue": func() (any, error) { return h.Scopes.Catalogue(h.ctx) },
		"Resources.Find":   func() (any, error) { return h.Resources.Find(h.ctx, "https://api.example") },
		"Resources.Create": func() (any, error) { return h.Resources.Create(h.ctx, Operator, Once{}, orders()) },
		"Keys.Load":        func() (any, error) { return h.Keys.Load(h.ctx) },
		"Keys.Replace":     func() (any, error) { return h.Keys.Replace(h.ctx, 0, KeySet{}) },
		"Attempts.Count":   func() (any, error) { return h.Attempts.Count(h.ctx, "ada", f.user, nil) },
		"strangers' Count": func() (any, error) { return h.Attempts.Count(h.ctx, "x", nil, nil) },
	} {
		if v, err := call(); !errors.Is(err, errBroken) || !reflect.ValueOf(v).IsZero() {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestTheStandardScopesAreWhatTheSpecificationGivesThem(t *testing.T) {
	h := newHouse(t)
	var all []*Scope
	for _, o := range need(h.Scopes.Catalogue(h.ctx))(h).Offers {
		all = append(all, o.Scope)
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "scopes.golden", append(text, '\n'))
}

func TestMembershipsOutsideTheRulesAreRefused(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for field, m := range map[string]Membership{
		"status":                          {Status: "patron"},
		"lifetime_support_cents":          {LifetimeSupportCents: -1},
		"currently_entitled_amount_cents": {CurrentlyEntitledAmountCents: -1},
		"tiers":                           {Tiers: make([]string, 33)},
	} {
		m.User = u.ID
		wantInvalid(t, h.Memberships.Set(h.ctx, Operator, m), field)
	}
	wantInvalid(t, h.Memberships.Set(h.ctx, Operator, Membership{User: u.ID, Tiers: []string{"a\x00"}}), "tiers")
	wantErr(t, h.Memberships.Set(h.ctx, Operator, Membership{User: h.Users.NewID()}), ErrNotFound)
	_, err := h.Memberships.Get(h.ctx, u.ID)
	wantErr(t, err, ErrNotFound)
	want := Membership{User: u.ID, IsPatron: true, Status: "active_patron", Tiers: []string{"Gold"}, LifetimeSupportCents: 12300,
		CurrentlyEntitledAmountCents: 500, PledgeStart: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC), AsOf: h.clock.Now().Truncate(time.Second)}
	given := want
	given.AsOf = time.Time{}
	h.ok(h.Memberships.Set(h.ctx, Operator, given))
	if got := need(h.Memberships.Get(h.ctx, u.ID))(h); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestClaimsOutsideTheRulesAreRefused(t *testing.T) {
	for field, all := range map[string][]Profile{
		"name":                   {{Name: "a\nb"}, {Name: "a\x00"}, {Name: "\xff"}, {Name: strings.Repeat("x", claimMost+1)}, {Name: "\u202ecod"}, {Name: "a\u2028b"}},
		"birthdate":              {{Birthdate: "2023-02-29"}, {Birthdate: "10.12.1815"}, {Birthdate: "1815-12"}, {Birthdate: "1815-12-10T00:00:00Z"}},
		"zoneinfo":               {{Zoneinfo: "Local"}, {Zoneinfo: "../../etc/passwd"}, {Zoneinfo: "Nowhere/Land"}},
		"locale":                 {{Locale: "!"}, {Locale: "english please"}},
		"website":                {{Website: "javascript:alert(1)"}, {Website: "example.org"}, {Website: "https://u@example.org"}},
		"picture":                {{Picture: "data:image/png;base64,x"}},
		"profile":                {{Profile: "/ada"}},
		"phone_number_verified":  {{PhoneNumberVerified: true}},
		"address.formatted":      {{Address: Address{Formatted: "a\rb"}}},
		"address.street_address": {{Address: Address{StreetAddress: "\x1b[1m"}}},
	} {
		for _, p := range all {
			wantInvalid(t, p.validate(), field)
		}
	}
	good := Profile{Name: "Ada O’Neil 太郎 👩‍🚀", Birthdate: "0000-02-29", Zoneinfo: "Europe/Paris", Locale: "en-GB", Website: "http://example.org/a?b#c",
		PhoneNumber: "+44 1", PhoneNumberVerified: true, Address: Address{Formatted: "a\nb"}}
	if err := good.validate(); err != nil {
		t.Error(err)
	}
	for _, date := range []string{"1815-12-10", "1815", "0000-12-10"} {
		if !validBirthdate(date) {
			t.Errorf("%q is refused", date)
		}
	}
}

func TestTheAuditTrailSaysWhoDidWhatToWhom(t *testing.T) {
	h := newHouse(t)
	root := h.admin("root")
	u := h.user("ada")
	h.clock.add(time.Second)
	need(h.Users.Disable(h.ctx, root.Actor(ViaPage, "req-1"), u.ID))(h)
	events, next, err := h.Audit.OfUser(h.ctx, u.ID, nil, 1)
	if err != nil || len(events) != 1 || next == nil {
		t.Fatalf("%v, %v", events, err)
	}
	e := events[0]
	if e.Act != ActUserDisabled || e.By != root.ID || e.User != u.ID || e.Via != ViaPage || e.RequestID != "req-1" || e.Detail != "ada" ||
		!e.Time.Equal(h.clock.Now().Truncate(time.Second)) {
		t.Errorf("%+v", e)
	}
	if e.ByClient != "" {
		t.Errorf("a program: %+v", e)
	}
	if events, _, err = h.Audit.OfUser(h.ctx, u.ID, next, 10); err != nil || len(events) != 1 || events[0].Act != ActUserCreated {
		t.Errorf("%v, %v", events, err)
	}
}

func TestTheAuditTrailNamesTheProgramThatActs(t *testing.T) {
	h := newHouse(t)
	root, u := h.admin("root"), h.user("ada")
	forRoot := root.Actor(ViaAPI, "")
	forRoot.Client = "console"
	for _, by := range []Actor{forRoot, {Via: ViaAPI, Client: "robot"}} {
		h.clock.add(time.Second)
		need(h.Users.Disable(h.ctx, by, u.ID))(h)
		events, _, err := h.Audit.List(h.ctx, nil, 1)
		h.ok(err)
		e := events[0]
		if e.By != by.User || e.ByClient != by.Client || e.Via != ViaAPI || e.Client != "" {
			t.Errorf("%+v", e)
		}
	}
}
