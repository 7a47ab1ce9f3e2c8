package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/grants"
	"latchkey/storage/kv"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestAFileOfANewerVersionIsRefusedInAClearSentence(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		raw, err := table.Encode(store.Meta{Schema: store.Schema + 1})
		return errors.Join(err, w.Put([]byte{table.SpaceMeta}, raw))
	})
	before := h.Engine.Commits()
	_, err := store.Open(h.Ctx, h.Engine, store.Options{})
	if err == nil || !strings.Contains(err.Error(), "written by a newer Latchkey") ||
		!strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("%v", err)
	}
	if h.Engine.Commits() != before {
		t.Error("the file was changed")
	}
}

func TestAFileWhoseSchemaCannotBeReadIsRefused(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Plant(func(_ *store.Floors, w storetest.Writer) error {
		return w.Put([]byte{table.SpaceMeta}, []byte("rubbish"))
	})
	_, err := store.Open(h.Ctx, h.Engine, store.Options{})
	storetest.WantErr(t, err, table.ErrRecord)
}

func TestOpeningAgainWritesNothing(t *testing.T) {
	h := storetest.NewHouse(t)
	if n := h.Commits(func() { h.Reopened(t) }); n != 0 {
		t.Errorf("%d commits", n)
	}
	h.Plant(func(f *store.Floors, w storetest.Writer) error {
		return f.Apps.Scopes.Delete(w, table.Key{}.Str(apps.ScopePhone))
	})
	h.Reopened(t)
	if h.Count(table.SpaceScopes) != len(apps.CatalogueScopes())+len(apps.FirstPartyScopes())-1 {
		t.Error("a scope that was taken out came back")
	}
}

// A file that an older version made knows nothing of first-party scopes; one that was
// tampered with may have others under their names.
func TestOpeningAnOlderFileAddsTheFirstPartyScopesOnce(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		want := storetest.Need(h.Scopes.Catalogue(h.Ctx))(h).Offers
		h.Plant(func(f *store.Floors, w storetest.Writer) error {
			return errors.Join(f.Apps.Scopes.Delete(w, table.Key{}.Str(apps.ScopeAdminRead)),
				f.Apps.Scopes.Put(w, &apps.Scope{Name: apps.ScopeAdmin, Words: "say hello"}))
		})
		var again *storetest.House
		if n := h.Commits(func() { again = h.Reopened(t) }); n != 1 {
			t.Errorf("%d commits", n)
		}
		if got := storetest.Need(again.Scopes.Catalogue(h.Ctx))(h).Offers; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v", got)
		}
		if n := h.Commits(func() { h.Reopened(t) }); n != 0 {
			t.Errorf("%d commits the second time", n)
		}
	})
}

// Standard scopes are stored when a file is begun. What consent says of them must cover
// what they give, in files of before too.
func TestOpeningAnOlderFileCorrectsTheWordsOfScopes(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		want := storetest.Need(h.Scopes.Catalogue(h.Ctx))(h).Offers
		h.Plant(func(f *store.Floors, w storetest.Writer) error {
			var failed error
			for name, words := range map[string]string{apps.ScopeProfile: "see your name and picture",
				apps.ScopePatreon: "see your Patreon membership"} {
				sc, err := f.Apps.Scopes.Get(w, table.Key{}.Str(name))
				if err == nil {
					sc.Words = words
					err = f.Apps.Scopes.Put(w, sc)
				}
				failed = errors.Join(failed, err)
			}
			return failed
		})
		var again *storetest.House
		if n := h.Commits(func() { again = h.Reopened(t) }); n != 1 {
			t.Errorf("%d commits", n)
		}
		if got := storetest.Need(again.Scopes.Catalogue(h.Ctx))(h).Offers; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v", got)
		}
		if n := h.Commits(func() { h.Reopened(t) }); n != 0 {
			t.Errorf("%d commits the second time", n)
		}
	})
}

func TestEverythingSurvivesReopening(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		f := h.Redeemed()
		again := h.Reopened(t)
		if u := storetest.Need(again.Users.Get(h.Ctx, f.User.ID))(again); !reflect.DeepEqual(u, f.User) {
			t.Errorf("%+v, was %+v", u, f.User)
		}
		if c := storetest.Need(again.Clients.Get(h.Ctx, "demo"))(again); !reflect.DeepEqual(c, f.Client) {
			t.Errorf("%+v, was %+v", c, f.Client)
		}
		if again.Dead(f.Grant) != "" || !again.Live(f.Session) {
			t.Error("a grant or a session ended")
		}
		again.Sound()
	})
}

// Whoever is not signed in reads only.
func TestAnonymousRequestsWriteNothing(t *testing.T) {
	h := storetest.HouseOver(t, memory.New(memory.Options{}), store.Options{})
	h.Client("demo")
	if n := h.Commits(func() {
		for i := range 2000 {
			name := fmt.Sprint("nobody", i)
			storetest.Need(h.Grants.Standing(h.Ctx, h.Grants.NewID(), "demo", apps.StandardScopes(),
				[]storage.ID{h.Grants.NewID()}))(h)
			storetest.Need(h.Sessions.Live(h.Ctx, []storage.ID{h.Grants.NewID()}))(h)
			storetest.Need(h.Attempts.Count(h.Ctx, name, nil, []byte(name)))(h)
			storetest.Need(h.Grants.Redeem(h.Ctx, grants.Redemption{Grant: h.Grants.NewID(), CodeHash: []byte("x")}))(h)
			_, err := h.Users.ByLogin(h.Ctx, name)
			storetest.WantErr(t, err, storage.ErrNotFound)
			_, err = h.Links.Look(h.Ctx, []byte(name), people.LinkSetUp)
			storetest.WantErr(t, err, storage.ErrLink)
			_, err = h.Links.Recover(h.Ctx, []byte(name), "", []byte("x"), nil)
			storetest.WantErr(t, err, storage.ErrLink)
			storetest.WantErr(t, h.Sessions.End(h.Ctx, storage.Actor{Via: storage.ViaPage}, h.Grants.NewID()), nil)
			_, err = h.Grants.Access(h.Ctx, h.Grants.NewID(), nil)
			storetest.WantErr(t, err, apps.DeadUnknown)
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
}

// broken answers every call with an error.
type broken struct{ kv.Engine }

var errBroken = errors.New("broken")

func (broken) View(context.Context, func(kv.Reader) error) error { return errBroken }

func (broken) Update(context.Context, func(kv.Txn) error) error { return errBroken }

// An error never comes with half a result that somebody could take for one.
func TestAnErrorComesWithNothingElse(t *testing.T) {
	h := storetest.NewHouse(t)
	f := h.Redeemed()
	n := h.NewGrant(f.User, f.Client, f.Session, apps.ScopeOpenID)
	h.Floors.DB.Engine = broken{h.Engine}
	for name, call := range map[string]func() (any, error){
		"Users.Create": func() (any, error) {
			return h.Users.Create(h.Ctx, storage.Operator,
				people.User{Username: "x"})
		},
		"Users.Change": func() (any, error) {
			return h.Users.Change(h.Ctx, storage.Operator, f.User.ID,
				people.UserChange{})
		},
		"Users.Get":  func() (any, error) { return h.Users.Get(h.Ctx, f.User.ID) },
		"Users.Find": func() (any, error) { return h.Users.Find(h.Ctx, "ada") },
		"Users.SetUp": func() (any, error) {
			return h.Users.SetUp(h.Ctx, []byte("x"), "",
				people.User{Username: "x"})
		},
		"Users.HasAdmin": func() (any, error) { return h.Users.HasAdmin(h.Ctx) },
		"Clients.Get":    func() (any, error) { return h.Clients.Get(h.Ctx, "demo") },
		"Clients.Create": func() (any, error) {
			return h.Clients.Create(h.Ctx, storage.Operator,
				apps.NewClient{Metadata: storetest.WebMetadata(), Secret: []byte("x")})
		},
		"Sessions.Start":  func() (any, error) { return h.Sessions.Start(h.Ctx, people.NewSession{User: f.User.ID}) },
		"Sessions.Live":   func() (any, error) { return h.Sessions.Live(h.Ctx, []storage.ID{f.Session.ID}) },
		"Grants.Create":   func() (any, error) { return h.Grants.Create(h.Ctx, n) },
		"Grants.Standing": func() (any, error) { return h.Grants.Standing(h.Ctx, storage.ID{}, "demo", nil, nil) },
		"Grants.Redeem":   func() (any, error) { return h.Grants.Redeem(h.Ctx, storetest.Redemption(f.Grant)) },
		"Grants.Access":   func() (any, error) { return h.Grants.Access(h.Ctx, f.Grant.ID, nil) },
		"Consents.OfUser": func() (any, error) { return h.Consents.OfUser(h.Ctx, f.User.ID, 1) },
		"Links.Look":      func() (any, error) { return h.Links.Look(h.Ctx, nil, people.LinkSetUp) },
		"Links.Create": func() (any, error) {
			return h.Links.Create(h.Ctx, storage.Operator, people.LinkSetUp, storage.ID{}, []byte("x"))
		},
		"Links.Recover":    func() (any, error) { return h.Links.Recover(h.Ctx, nil, "", nil, nil) },
		"Memberships.Get":  func() (any, error) { return h.Memberships.Get(h.Ctx, f.User.ID) },
		"Settings.Get":     func() (any, error) { return h.Settings.Get(h.Ctx) },
		"Scopes.Catalogue": func() (any, error) { return h.Scopes.Catalogue(h.Ctx) },
		"Resources.Find":   func() (any, error) { return h.Resources.Find(h.Ctx, "https://api.example") },
		"Resources.Create": func() (any, error) {
			return h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, storetest.Orders())
		},
		"Keys.Load":        func() (any, error) { return h.Keys.Load(h.Ctx) },
		"Keys.Replace":     func() (any, error) { return h.Keys.Replace(h.Ctx, 0, policy.KeySet{}) },
		"Attempts.Count":   func() (any, error) { return h.Attempts.Count(h.Ctx, "ada", f.User, nil) },
		"strangers' Count": func() (any, error) { return h.Attempts.Count(h.Ctx, "x", nil, nil) },
	} {
		if v, err := call(); !errors.Is(err, errBroken) || !reflect.ValueOf(v).IsZero() {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestTheStandardScopesAreWhatTheSpecificationGivesThem(t *testing.T) {
	h := storetest.NewHouse(t)
	var all []*apps.Scope
	for _, o := range storetest.Need(h.Scopes.Catalogue(h.Ctx))(h).Offers {
		all = append(all, o.Scope)
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Golden(t, "scopes.golden", append(text, '\n'))
}

func TestMembershipsOutsideTheRulesAreRefused(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	for field, m := range map[string]people.Membership{
		"status":                          {Status: "patron"},
		"lifetime_support_cents":          {LifetimeSupportCents: -1},
		"currently_entitled_amount_cents": {CurrentlyEntitledAmountCents: -1},
		"tiers":                           {Tiers: make([]string, 33)},
	} {
		m.User = u.ID
		storetest.WantInvalid(t, h.Memberships.Set(h.Ctx, storage.Operator, m), field)
	}
	storetest.WantInvalid(t, h.Memberships.Set(h.Ctx, storage.Operator,
		people.Membership{User: u.ID, Tiers: []string{"a\x00"}}), "tiers")
	storetest.WantErr(t, h.Memberships.Set(h.Ctx, storage.Operator, people.Membership{User: h.Users.NewID()}),
		storage.ErrNotFound)
	_, err := h.Memberships.Get(h.Ctx, u.ID)
	storetest.WantErr(t, err, storage.ErrNotFound)
	want := people.Membership{User: u.ID, IsPatron: true, Status: "active_patron", Tiers: []string{"Gold"},
		LifetimeSupportCents:         12300,
		CurrentlyEntitledAmountCents: 500, PledgeStart: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC),
		AsOf: h.Clock.Now().Truncate(time.Second)}
	given := want
	given.AsOf = time.Time{}
	h.Ok(h.Memberships.Set(h.Ctx, storage.Operator, given))
	if got := storetest.Need(h.Memberships.Get(h.Ctx, u.ID))(h); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestClaimsOutsideTheRulesAreRefused(t *testing.T) {
	for field, all := range map[string][]people.Profile{
		"name": {{Name: "a\nb"}, {Name: "a\x00"}, {Name: "\xff"},
			{Name: strings.Repeat("x", storage.MaxClaim+1)}, {Name: "\u202ecod"}, {Name: "a\u2028b"}},
		"birthdate": {{Birthdate: "2023-02-29"}, {Birthdate: "10.12.1815"}, {Birthdate: "1815-12"},
			{Birthdate: "1815-12-10T00:00:00Z"}},
		"zoneinfo": {{Zoneinfo: "Local"}, {Zoneinfo: "../../etc/passwd"}, {Zoneinfo: "Nowhere/Land"}},
		"locale":   {{Locale: "!"}, {Locale: "english please"}},
		"website": {{Website: "javascript:alert(1)"}, {Website: "example.org"},
			{Website: "https://u@example.org"}},
		"picture":                {{Picture: "data:image/png;base64,x"}},
		"profile":                {{Profile: "/ada"}},
		"phone_number_verified":  {{PhoneNumberVerified: true}},
		"address.formatted":      {{Address: people.Address{Formatted: "a\rb"}}},
		"address.street_address": {{Address: people.Address{StreetAddress: "\x1b[1m"}}},
	} {
		for _, p := range all {
			storetest.WantInvalid(t, p.Validate(), field)
		}
	}
	good := people.Profile{Name: "Ada O’Neil 太郎 👩‍🚀", Birthdate: "0000-02-29", Zoneinfo: "Europe/Paris",
		Locale: "en-GB", Website: "http://example.org/a?b#c",
		PhoneNumber: "+44 1", PhoneNumberVerified: true, Address: people.Address{Formatted: "a\nb"}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, date := range []string{"1815-12-10", "1815", "0000-12-10"} {
		if !people.ValidBirthdate(date) {
			t.Errorf("%q is refused", date)
		}
	}
}

func TestTheAuditTrailSaysWhoDidWhatToWhom(t *testing.T) {
	h := storetest.NewHouse(t)
	root := h.Admin("root")
	u := h.User("ada")
	h.Clock.Add(time.Second)
	storetest.Need(h.Users.Disable(h.Ctx, root.Actor(storage.ViaPage, "req-1"), u.ID))(h)
	events, next, err := h.Audit.OfUser(h.Ctx, u.ID, nil, 1)
	if err != nil || len(events) != 1 || next == nil {
		t.Fatalf("%v, %v", events, err)
	}
	e := events[0]
	if e.Act != audit.ActUserDisabled || e.By != root.ID || e.User != u.ID || e.Via != storage.ViaPage ||
		e.RequestID != "req-1" || e.Detail != "ada" ||
		!e.Time.Equal(h.Clock.Now().Truncate(time.Second)) {
		t.Errorf("%+v", e)
	}
	if e.ByClient != "" {
		t.Errorf("a program: %+v", e)
	}
	if events, _, err = h.Audit.OfUser(h.Ctx, u.ID, next, 10); err != nil || len(events) != 1 ||
		events[0].Act != audit.ActUserCreated {
		t.Errorf("%v, %v", events, err)
	}
}

func TestTheAuditTrailNamesTheProgramThatActs(t *testing.T) {
	h := storetest.NewHouse(t)
	root, u := h.Admin("root"), h.User("ada")
	forRoot := root.Actor(storage.ViaAPI, "")
	forRoot.Client = "console"
	for _, by := range []storage.Actor{forRoot, {Via: storage.ViaAPI, Client: "robot"}} {
		h.Clock.Add(time.Second)
		storetest.Need(h.Users.Disable(h.Ctx, by, u.ID))(h)
		events, _, err := h.Audit.List(h.Ctx, nil, 1)
		h.Ok(err)
		e := events[0]
		if e.By != by.User || e.ByClient != by.Client || e.Via != storage.ViaAPI || e.Client != "" {
			t.Errorf("%+v", e)
		}
	}
}
