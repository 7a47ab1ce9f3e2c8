package apps_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestIdentifiersAreAbsoluteURIsWithoutAFragment(t *testing.T) {
	for _, good := range []string{"https://api.example", "https://api.example/", "https://api.example/v1?tenant=1",
		"http://10.0.0.1:8080/x",
		"urn:example:orders", "api://orders", "https://[::1]/x", "tag:example.org,2026:api"} {
		if err := apps.ResourceURI(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "orders", "/orders", "//api.example", "https://api.example/#",
		"https://api.example#a", "https:///x", "https:",
		"urn:", "HTTPS://api.example", "https://API.example", "https://u:p@api.example", "https://api.example/a b",
		"https://api.example/\u00e9",
		"https://api.example:0", "https://api.example/%zz", "https://a\\b",
		"api.example:8080x/" + strings.Repeat("x", 2048)} {
		if err := apps.ResourceURI(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if !apps.SameIdentifier("https://a.example", "https://a.example/") ||
		apps.SameIdentifier("https://a.example/x", "https://a.example/x/") ||
		apps.SameIdentifier("https://a.example?x", "https://a.example/?x") || apps.SameIdentifier("urn:a", "urn:a/") {
		t.Error("identifiers are compared otherwise than documented")
	}
}

func TestResourcesOutsideTheRulesAreRefusedAndNothingIsLeft(t *testing.T) {
	h := storetest.NewHouse(t)
	before := len(storetest.Need(h.Scopes.Catalogue(h.Ctx))(h).Offers)
	many := make([]apps.ResourceScope, apps.MaxResourceScopes+1)
	for i := range many {
		many[i] = apps.ResourceScope{Name: fmt.Sprint("s", i), Words: "do it"}
	}
	for name, c := range map[string]struct {
		field  string
		change func(*apps.NewResource)
	}{
		"a relative identifier": {"identifier", func(n *apps.NewResource) { n.Identifier = "orders" }},
		"a long identifier": {"identifier",
			func(n *apps.NewResource) { n.Identifier = "urn:" + strings.Repeat("x", apps.MaxIdentifier) }},
		"no name":                  {"name", func(n *apps.NewResource) { n.Name = " " }},
		"a long name":              {"name", func(n *apps.NewResource) { n.Name = strings.Repeat("x", 101) }},
		"a name that turns around": {"name", func(n *apps.NewResource) { n.Name = "a\u202eb" }},
		"no scopes":                {"scopes", func(n *apps.NewResource) { n.Scopes = nil }},
		"too many scopes":          {"scopes", func(n *apps.NewResource) { n.Scopes = many }},
		"a scope twice": {"scopes",
			func(n *apps.NewResource) { n.Scopes = append(n.Scopes, n.Scopes[0]) }},
		"a scope with a space":     {"scopes", func(n *apps.NewResource) { n.Scopes[1].Name = "a b" }},
		"a scope with a quote":     {"scopes", func(n *apps.NewResource) { n.Scopes[1].Name = `a"b` }},
		"a scope outside ASCII":    {"scopes", func(n *apps.NewResource) { n.Scopes[1].Name = "é" }},
		"a default that is closed": {"scopes", func(n *apps.NewResource) { n.Scopes[1].Default = true }},
		"a scope without a name":   {"scopes", func(n *apps.NewResource) { n.Scopes[1].Name = "" }},
		"a scope with a long name": {"scopes",
			func(n *apps.NewResource) { n.Scopes[1].Name = strings.Repeat("x", apps.MaxScopeName+1) }},
		"a scope without words": {"scopes", func(n *apps.NewResource) { n.Scopes[1].Words = "" }},
		"a scope with long words": {"scopes",
			func(n *apps.NewResource) { n.Scopes[1].Words = strings.Repeat("x", apps.MaxScopeWords+1) }},
		"a sensitivity of its own": {"scopes", func(n *apps.NewResource) { n.Scopes[1].Sensitivity = 9 }},
		"a standard scope":         {"scopes", func(n *apps.NewResource) { n.Scopes[1].Name = apps.ScopeProfile }},
		"no secret":                {"client_secret", func(n *apps.NewResource) { n.Secret = nil }},
		"the words of a forged page": {"scopes: the words of \"orders:write\"",
			func(n *apps.NewResource) { n.Scopes[1].Words = "x\x00" }},
	} {
		n := storetest.Orders()
		c.change(&n)
		_, err := h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, n)
		if t.Run(name, func(t *testing.T) {
			storetest.WantInvalid(t, err,
				c.field)
		}); h.Count(table.SpaceResources) != 0 {
			t.Fatalf("%s: it is there all the same", name)
		}
	}
	if after := storetest.Need(h.Scopes.Catalogue(h.Ctx))(h); len(after.Offers) != before || after.Edition != 0 {
		t.Errorf("the catalogue changed: %v", after.Offers.Names())
	}
	h.Floors.Policy.Issuer = "https://id.example"
	n := storetest.Orders()
	n.Identifier = "https://id.example/"
	_, err := h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, n)
	storetest.WantInvalid(t, err, "identifier")
	h.Sound()
}

func TestAnIdentifierAndAScopeBelongToOneResource(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		n := storetest.Orders()
		n.Identifier = "https://api.example"
		v := h.Resource(n)
		n.Identifier = "https://api.example/"
		n.Scopes = []apps.ResourceScope{{Name: "other", Words: "do other things"}}
		_, err := h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, n)
		storetest.WantTaken(t, err, "identifier")
		for _, name := range []string{"https://api.example", "https://api.example/", v.ID.String()} {
			if have := storetest.Need(h.Resources.Find(h.Ctx, name))(h); have.ID != v.ID {
				t.Errorf("%s finds %v", name, have)
			}
		}
		n.Identifier, n.Scopes = "https://b.example", storetest.Orders().Scopes[:1]
		_, err = h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, n)
		storetest.WantInvalid(t, err, "scopes")
		n.Scopes = []apps.ResourceScope{{Name: "b", Words: "do b"}}
		b := h.Resource(n)
		_, err = h.Resources.Change(h.Ctx, storage.Operator, b.ID, 0,
			apps.ResourceChange{Scopes: storetest.Orders().Scopes})
		storetest.WantInvalid(t, err, "scopes")
		_, err = h.Resources.Find(h.Ctx, "https://nobody.example")
		storetest.WantErr(t, err, storage.ErrNotFound)
		h.Sound()
	})
}

func TestTheCatalogueFollowsTheResources(t *testing.T) {
	h := storetest.NewHouse(t)
	all := func() string { return strings.Join(storetest.Need(h.Scopes.Catalogue(h.Ctx))(h).Offers.Names(), " ") }
	standard := all()
	v := h.Resource(storetest.Orders())
	if got := all(); got != standard+" orders:read orders:write" {
		t.Errorf("added: %s", got)
	}
	if a, b := storetest.Need(h.Scopes.Catalogue(h.Ctx))(h), storetest.Need(h.Scopes.Catalogue(h.Ctx))(h); a != b {
		t.Error("it is made anew though nothing changed")
	}
	c := storetest.Need(h.Scopes.Catalogue(h.Ctx))(h)
	if c.Resource("https://api.example/orders").ID != v.ID || c.Offer("orders:read").Resource.ID != v.ID ||
		c.Offer("openid").Resource != nil {
		t.Error("the owner is not told")
	}
	storetest.Need(h.Resources.Disable(h.Ctx, storage.Operator, v.ID, true))(h)
	if got := all(); got != standard || storetest.Need(h.Scopes.Catalogue(h.Ctx))(h).Resource("https://api.example/orders") != nil {
		t.Errorf("disabled: %s", got)
	}
	storetest.Need(h.Resources.Disable(h.Ctx, storage.Operator, v.ID, false))(h)
	storetest.Need(h.Resources.Change(h.Ctx, storage.Operator, v.ID, 0,
		apps.ResourceChange{Scopes: []apps.ResourceScope{{Name: "orders:all", Words: "do all"}}}))(h)
	if got := all(); got != standard+" orders:all" {
		t.Errorf("changed: %s", got)
	}
	h.Ok(h.Resources.Delete(h.Ctx, storage.Operator, v.ID))
	if got := all(); got != standard {
		t.Errorf("deleted: %s", got)
	}
	h.Sound()
	if got := strings.Join(storetest.Need(h.Reopened(t).Scopes.Catalogue(h.Ctx))(h).Offers.Names(),
		" "); got != standard {
		t.Errorf("reopened: %s", got)
	}
}

func TestWhatAResourceOwnedIsWorthNothingWithoutIt(t *testing.T) {
	for name, end := range map[string]func(*storetest.House, *apps.Resource){
		"disabled": func(h *storetest.House, v *apps.Resource) {
			storetest.Need(h.Resources.Disable(h.Ctx, storage.Operator, v.ID, true))(h)
		},
		"deleted": func(h *storetest.House,
			v *apps.Resource) {
			h.Ok(h.Resources.Delete(h.Ctx, storage.Operator, v.ID))
		},
		"narrowed": func(h *storetest.House, v *apps.Resource) { h.Narrowed(v) },
		"renamed API": func(h *storetest.House, v *apps.Resource) {
			h.Ok(h.Resources.Delete(h.Ctx, storage.Operator, v.ID))
			h.Successor()
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			v, ada, c := h.Resource(storetest.Orders()), h.User("ada"), h.Client("demo")
			h.MayAsk("demo", apps.ScopeOpenID, "orders:read")
			c = storetest.Need(h.Clients.Get(h.Ctx, c.ID))(h)
			s := h.SignIn(ada)
			both, alone := h.Grant(ada, c, s, apps.ScopeOpenID, "orders:read"), h.Grant(ada, c, s, "orders:read")
			h.Redeem(both)
			h.Redeem(alone)
			if got := h.InForce(both); !slices.Equal(got, []string{apps.ScopeOpenID, "orders:read"}) {
				t.Fatalf("%q", got)
			}
			end(h, v)
			if got := h.InForce(both); !slices.Equal(got, []string{apps.ScopeOpenID}) {
				t.Errorf("what is left: %q", got)
			}
			if dead := h.Dead(alone); dead != apps.DeadScopes {
				t.Errorf("nothing is left, and it is %q", dead)
			}
			st := storetest.Need(h.Grants.Standing(h.Ctx, storage.ID{}, "demo", []string{"orders:read"}, nil))(h)
			if st.Scopes["orders:read"] != nil {
				t.Error("it can still be asked for")
			}
			h.Sound()
		})
	}
}

// Coming back under its own identifier, an API has its scopes again, as it has when it
// is enabled again.
func TestAResourceThatComesBackHasItsScopesAgain(t *testing.T) {
	h := storetest.NewHouse(t)
	v, ada := h.Resource(storetest.Orders()), h.User("ada")
	h.Client("demo")
	h.MayAsk("demo", "orders:read")
	g := h.Grant(ada, storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h), h.SignIn(ada), "orders:read")
	h.Redeem(g)
	h.Ok(h.Resources.Delete(h.Ctx, storage.Operator, v.ID))
	again := h.Resource(storetest.Orders())
	if again.ID == v.ID || h.Dead(g) != "" {
		t.Errorf("ids %s and %s, dead: %q", v.ID, again.ID, h.Dead(g))
	}
	h.Sound()
}

// A client is not stuck with a scope that is gone, nor may another take it up.
func TestClientsKeepScopesThatAreGoneAndCanBeChanged(t *testing.T) {
	h := storetest.NewHouse(t)
	v := h.Resource(storetest.Orders())
	h.Client("demo")
	h.Client("late")
	h.MayAsk("demo", apps.ScopeOpenID, "orders:read")
	if n := storetest.Need(h.Resources.Clients(h.Ctx, v))(h); n != 1 {
		t.Errorf("%d clients", n)
	}
	h.Ok(h.Resources.Delete(h.Ctx, storage.Operator, v.ID))
	m := storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h).Metadata
	m.ClientName = "Other"
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m))(h)
	storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, "demo", apps.ClientSuspended))(h)
	storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, "demo", apps.ClientApproved))(h)
	_, err := h.Clients.Change(h.Ctx, storage.Operator, "late", 0, m)
	storetest.WantInvalid(t, err, "scope")
	m.Scopes = []string{apps.ScopeOpenID}
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m))(h)
	m.Scopes = []string{apps.ScopeOpenID, "orders:read"}
	_, err = h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m)
	storetest.WantInvalid(t, err, "scope")
}

func TestSecretsOfAResourceOverlapAndEnd(t *testing.T) {
	h := storetest.NewHouse(t)
	v := h.Resource(storetest.Orders())
	first := v.Secrets[0].ID
	v = storetest.Need(h.Resources.AddSecret(h.Ctx, storage.Operator, v.ID, []byte("second"), "2222", time.Hour))(h)
	if live := v.LiveSecrets(h.Clock.Now()); len(live) != 2 || live[0].Last4 != "2222" {
		t.Errorf("%+v", live)
	}
	h.Clock.Add(time.Hour)
	if live := v.LiveSecrets(h.Clock.Now()); len(live) != 1 || live[0].ID == first {
		t.Errorf("%+v", live)
	}
	v = storetest.Need(h.Resources.AddSecret(h.Ctx, storage.Operator, v.ID, []byte("third"), "3333", 0))(h)
	if len(v.Secrets) != 1 {
		t.Errorf("%+v", v.Secrets)
	}
	_, err := h.Resources.RemoveSecret(h.Ctx, storage.Operator, v.ID, first)
	storetest.WantErr(t, err, storage.ErrNotFound)
	v = storetest.Need(h.Resources.RemoveSecret(h.Ctx, storage.Operator, v.ID, v.Secrets[0].ID))(h)
	if len(v.Secrets) != 0 {
		t.Errorf("%+v", v.Secrets)
	}
	for range apps.MaxSecrets {
		storetest.Need(h.Resources.AddSecret(h.Ctx, storage.Operator, v.ID, []byte("x"), "", time.Hour))(h)
	}
	_, err = h.Resources.AddSecret(h.Ctx, storage.Operator, v.ID, []byte("x"), "", time.Hour)
	storetest.WantInvalid(t, err, "client_secret")
	for act, want := range map[audit.Act]int{audit.ActResourceCreated: 1,
		audit.ActResourceSecret: 2 + apps.MaxSecrets, audit.ActResourceUnlock: 1} {
		got := h.Acts()
		if n := len(slices.DeleteFunc(got, func(a audit.Act) bool { return a != act })); n != want {
			t.Errorf("%d %s, want %d", n, act, want)
		}
	}
	h.Sound()
}

func TestAnIDNamesAResourceOrAClientOrAUser(t *testing.T) {
	h := storetest.NewHouse(t)
	v := h.Resource(storetest.Orders())
	_, err := h.Clients.Create(h.Ctx, storage.Operator,
		apps.NewClient{ID: v.ID.String(), Metadata: storetest.WebMetadata(), Secret: []byte("x")})
	storetest.WantTaken(t, err, "client_id")
	_, err = h.Users.Create(h.Ctx, storage.Operator, people.User{ID: v.ID, Username: "ada"})
	storetest.WantTaken(t, err, "sub")
	u, c := h.User("bob"), h.Client(h.Clients.NewID())
	id := storetest.Need(storage.ParseID(c.ID))(h)
	for _, taken := range []storage.ID{v.ID, u.ID, id} {
		used, err := table.View(h.Ctx, h.Floors.DB,
			func(r storetest.Reader) (bool, error) { return table.IDInUse(r, taken) })
		if err != nil || !used {
			t.Errorf("%s is in use: %t, %v", taken, used, err)
		}
	}
}

func TestOnlyAdministratorsManageResources(t *testing.T) {
	h := storetest.NewHouse(t)
	by, v := h.User("ada").Actor(storage.ViaPage, ""), h.Resource(storetest.Orders())
	_, err := h.Resources.Create(h.Ctx, by, policy.Once{}, storetest.Orders())
	storetest.WantErr(t, err, storage.ErrForbidden)
	_, err = h.Resources.Change(h.Ctx, by, v.ID, 0, apps.ResourceChange{})
	storetest.WantErr(t, err, storage.ErrForbidden)
	_, err = h.Resources.Disable(h.Ctx, by, v.ID, true)
	storetest.WantErr(t, err, storage.ErrForbidden)
	_, err = h.Resources.AddSecret(h.Ctx, by, v.ID, []byte("x"), "", 0)
	storetest.WantErr(t, err, storage.ErrForbidden)
	_, err = h.Resources.RemoveSecret(h.Ctx, by, v.ID, v.Secrets[0].ID)
	storetest.WantErr(t, err, storage.ErrForbidden)
	storetest.WantErr(t, h.Resources.Delete(h.Ctx, by, v.ID), storage.ErrForbidden)
	storetest.WantErr(t, h.Resources.Delete(h.Ctx, storage.Operator, storage.ID{7}), storage.ErrNotFound)
	_, err = h.Resources.Change(h.Ctx, storage.Operator, v.ID, v.Revision+1, apps.ResourceChange{})
	storetest.WantErr(t, err, storage.ErrStale)
}

func TestOfManyResourcesUnderOneIdentifierAtOnceThereIsOne(t *testing.T) {
	h := storetest.HouseOver(t, memory.New(memory.Options{}), store.Options{})
	got := h.AtOnce(20, func(int) string {
		_, err := h.Resources.Create(h.Ctx, storage.Operator, policy.Once{}, storetest.Orders())
		return storetest.Outcome(err)
	})
	if got["done"] != 1 || h.Count(table.SpaceResources) != 1 {
		t.Errorf("%v", got)
	}
	h.Sound()
}

func FuzzResourceURI(f *testing.F) {
	for _, s := range []string{"https://api.example/v1?x", "urn:example:a", "api://x", "https://u@h",
		"https://[::1]:1/", "https://a#", "a:", "x:/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if apps.ResourceURI(s) != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil || !u.IsAbs() || u.Fragment != "" || u.User != nil ||
			strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '#' }) {
			t.Errorf("%q is taken", s)
		}
		if c := apps.CanonicalIdentifier(s); apps.ResourceURI(c) != nil || apps.CanonicalIdentifier(c) != c ||
			!apps.SameIdentifier(s, c) {
			t.Errorf("%q is compared as %q", s, c)
		}
	})
}
