package storage

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage/memory"
)

func orders() NewResource {
	return NewResource{Identifier: "https://api.example/orders", Name: "Orders", Secret: []byte("hash"), SecretLast4: "abcd",
		Scopes: []ResourceScope{{Name: "orders:read", Words: "see your orders"}, {Name: "orders:write", Words: "order for you", Sensitivity: SensitivityHigh}}}
}

func (h *house) resource(n NewResource) *Resource {
	h.t.Helper()
	return need(h.Resources.Create(h.ctx, Operator, Once{}, n))(h)
}

func (h *house) mayAsk(client string, scopes ...string) {
	h.t.Helper()
	m := need(h.Clients.Get(h.ctx, client))(h).Metadata
	m.Scopes = scopes
	need(h.Clients.Change(h.ctx, Operator, client, 0, m))(h)
}

// inForce are the names of the scopes that a grant gives now; nil: it is dead.
func (h *house) inForce(g *Grant) []string {
	h.t.Helper()
	if dead := h.dead(g); dead != "" {
		return nil
	}
	return need(h.Grants.Access(h.ctx, g.ID, nil))(h).Scopes
}

func TestIdentifiersAreAbsoluteURIsWithoutAFragment(t *testing.T) {
	for _, good := range []string{"https://api.example", "https://api.example/", "https://api.example/v1?tenant=1", "http://10.0.0.1:8080/x",
		"urn:example:orders", "api://orders", "https://[::1]/x", "tag:example.org,2026:api"} {
		if err := ResourceURI(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "orders", "/orders", "//api.example", "https://api.example/#", "https://api.example#a", "https:///x", "https:",
		"urn:", "HTTPS://api.example", "https://API.example", "https://u:p@api.example", "https://api.example/a b", "https://api.example/\u00e9",
		"https://api.example:0", "https://api.example/%zz", "https://a\\b", "api.example:8080x/" + strings.Repeat("x", 2048)} {
		if err := ResourceURI(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if !SameIdentifier("https://a.example", "https://a.example/") || SameIdentifier("https://a.example/x", "https://a.example/x/") ||
		SameIdentifier("https://a.example?x", "https://a.example/?x") || SameIdentifier("urn:a", "urn:a/") {
		t.Error("identifiers are compared otherwise than documented")
	}
}

func TestResourcesOutsideTheRulesAreRefusedAndNothingIsLeft(t *testing.T) {
	h := newHouse(t)
	before := len(need(h.Scopes.Catalogue(h.ctx))(h).Offers)
	many := make([]ResourceScope, resourceScopesMost+1)
	for i := range many {
		many[i] = ResourceScope{Name: fmt.Sprint("s", i), Words: "do it"}
	}
	for name, c := range map[string]struct {
		field  string
		change func(*NewResource)
	}{
		"a relative identifier":      {"identifier", func(n *NewResource) { n.Identifier = "orders" }},
		"a long identifier":          {"identifier", func(n *NewResource) { n.Identifier = "urn:" + strings.Repeat("x", identifierMost) }},
		"no name":                    {"name", func(n *NewResource) { n.Name = " " }},
		"a long name":                {"name", func(n *NewResource) { n.Name = strings.Repeat("x", 101) }},
		"a name that turns around":   {"name", func(n *NewResource) { n.Name = "a\u202eb" }},
		"no scopes":                  {"scopes", func(n *NewResource) { n.Scopes = nil }},
		"too many scopes":            {"scopes", func(n *NewResource) { n.Scopes = many }},
		"a scope twice":              {"scopes", func(n *NewResource) { n.Scopes = append(n.Scopes, n.Scopes[0]) }},
		"a scope with a space":       {"scopes", func(n *NewResource) { n.Scopes[1].Name = "a b" }},
		"a scope with a quote":       {"scopes", func(n *NewResource) { n.Scopes[1].Name = `a"b` }},
		"a scope outside ASCII":      {"scopes", func(n *NewResource) { n.Scopes[1].Name = "é" }},
		"a default that is closed":   {"scopes", func(n *NewResource) { n.Scopes[1].Default = true }},
		"a scope without a name":     {"scopes", func(n *NewResource) { n.Scopes[1].Name = "" }},
		"a scope with a long name":   {"scopes", func(n *NewResource) { n.Scopes[1].Name = strings.Repeat("x", scopeNameMost+1) }},
		"a scope without words":      {"scopes", func(n *NewResource) { n.Scopes[1].Words = "" }},
		"a scope with long words":    {"scopes", func(n *NewResource) { n.Scopes[1].Words = strings.Repeat("x", scopeWordsMost+1) }},
		"a sensitivity of its own":   {"scopes", func(n *NewResource) { n.Scopes[1].Sensitivity = 9 }},
		"a standard scope":           {"scopes", func(n *NewResource) { n.Scopes[1].Name = ScopeProfile }},
		"no secret":                  {"client_secret", func(n *NewResource) { n.Secret = nil }},
		"the words of a forged page": {"scopes: the words of \"orders:write\"", func(n *NewResource) { n.Scopes[1].Words = "x\x00" }},
	} {
		n := orders()
		c.change(&n)
		_, err := h.Resources.Create(h.ctx, Operator, Once{}, n)
		if t.Run(name, func(t *testing.T) { wantInvalid(t, err, c.field) }); h.count(spaceResources) != 0 {
			t.Fatalf("%s: it is there all the same", name)
		}
	}
	if after := need(h.Scopes.Catalogue(h.ctx))(h); len(after.Offers) != before || after.Edition != 0 {
		t.Errorf("the catalogue changed: %v", after.Offers.Names())
	}
	h.base.issuer = "https://id.example"
	n := orders()
	n.Identifier = "https://id.example/"
	_, err := h.Resources.Create(h.ctx, Operator, Once{}, n)
	wantInvalid(t, err, "identifier")
	h.sound()
}

func TestAnIdentifierAndAScopeBelongToOneResource(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		n := orders()
		n.Identifier = "https://api.example"
		v := h.resource(n)
		n.Identifier = "https://api.example/"
		n.Scopes = []ResourceScope{{Name: "other", Words: "do other things"}}
		_, err := h.Resources.Create(h.ctx, Operator, Once{}, n)
		wantTaken(t, err, "identifier")
		for _, name := range []string{"https://api.example", "https://api.example/", v.ID.String()} {
			if have := need(h.Resources.Find(h.ctx, name))(h); have.ID != v.ID {
				t.Errorf("%s finds %v", name, have)
			}
		}
		n.Identifier, n.Scopes = "https://b.example", orders().Scopes[:1]
		_, err = h.Resources.Create(h.ctx, Operator, Once{}, n)
		wantInvalid(t, err, "scopes")
		n.Scopes = []ResourceScope{{Name: "b", Words: "do b"}}
		b := h.resource(n)
		_, err = h.Resources.Change(h.ctx, Operator, b.ID, 0, ResourceChange{Scopes: orders().Scopes})
		wantInvalid(t, err, "scopes")
		_, err = h.Resources.Find(h.ctx, "https://nobody.example")
		wantErr(t, err, ErrNotFound)
		h.sound()
	})
}

func TestTheCatalogueFollowsTheResources(t *testing.T) {
	h := newHouse(t)
	all := func() string { return strings.Join(need(h.Scopes.Catalogue(h.ctx))(h).Offers.Names(), " ") }
	standard := all()
	v := h.resource(orders())
	if got := all(); got != standard+" orders:read orders:write" {
		t.Errorf("added: %s", got)
	}
	if a, b := need(h.Scopes.Catalogue(h.ctx))(h), need(h.Scopes.Catalogue(h.ctx))(h); a != b {
		t.Error("it is made anew though nothing changed")
	}
	c := need(h.Scopes.Catalogue(h.ctx))(h)
	if c.Resource("https://api.example/orders").ID != v.ID || c.Offer("orders:read").Resource.ID != v.ID || c.Offer("openid").Resource != nil {
		t.Error("the owner is not told")
	}
	need(h.Resources.Disable(h.ctx, Operator, v.ID, true))(h)
	if got := all(); got != standard || need(h.Scopes.Catalogue(h.ctx))(h).Resource("https://api.example/orders") != nil {
		t.Errorf("disabled: %s", got)
	}
	need(h.Resources.Disable(h.ctx, Operator, v.ID, false))(h)
	need(h.Resources.Change(h.ctx, Operator, v.ID, 0, ResourceChange{Scopes: []ResourceScope{{Name: "orders:all", Words: "do all"}}}))(h)
	if got := all(); got != standard+" orders:all" {
		t.Errorf("changed: %s", got)
	}
	h.ok(h.Resources.Delete(h.ctx, Operator, v.ID))
	if got := all(); got != standard {
		t.Errorf("deleted: %s", got)
	}
	h.sound()
	if got := strings.Join(need(h.reopened(t).Scopes.Catalogue(h.ctx))(h).Offers.Names(), " "); got != standard {
		t.Errorf("reopened: %s", got)
	}
}

func TestWhatAResourceOwnedIsWorthNothingWithoutIt(t *testing.T) {
	for name, end := range map[string]func(*house, *Resource){
		"disabled":    func(h *house, v *Resource) { need(h.Resources.Disable(h.ctx, Operator, v.ID, true))(h) },
		"deleted":     func(h *house, v *Resource) { h.ok(h.Resources.Delete(h.ctx, Operator, v.ID)) },
		"narrowed":    func(h *house, v *Resource) { h.narrowed(v) },
		"renamed API": func(h *house, v *Resource) { h.ok(h.Resources.Delete(h.ctx, Operator, v.ID)); h.successor() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			v, ada, c := h.resource(orders()), h.user("ada"), h.client("demo")
			h.mayAsk("demo", ScopeOpenID, "orders:read")
			c = need(h.Clients.Get(h.ctx, c.ID))(h)
			s := h.signIn(ada)
			both, alone := h.grant(ada, c, s, ScopeOpenID, "orders:read"), h.grant(ada, c, s, "orders:read")
			h.redeem(both)
			h.redeem(alone)
			if got := h.inForce(both); !slices.Equal(got, []string{ScopeOpenID, "orders:read"}) {
				t.Fatalf("%q", got)
			}
			end(h, v)
			if got := h.inForce(both); !slices.Equal(got, []string{ScopeOpenID}) {
				t.Errorf("what is left: %q", got)
			}
			if dead := h.dead(alone); dead != DeadScopes {
				t.Errorf("nothing is left, and it is %q", dead)
			}
			st := need(h.Grants.Standing(h.ctx, ID{}, "demo", []string{"orders:read"}, nil))(h)
			if st.Scopes["orders:read"] != nil {
				t.Error("it can still be asked for")
			}
			h.sound()
		})
	}
}

func (h *house) narrowed(v *Resource) {
	need(h.Resources.Change(h.ctx, Operator, v.ID, 0, ResourceChange{Scopes: orders().Scopes[1:]}))(h)
}

// successor is another API, whose owner would like the scopes of the one before.
func (h *house) successor() {
	n := orders()
	n.Identifier = "https://other.example"
	_, err := h.Resources.Create(h.ctx, Operator, Once{}, n)
	if err == nil || !strings.Contains(err.Error(), "https://api.example/orders") {
		h.t.Fatalf("a scope that users allowed for one API opens another: %v", err)
	}
	n.Scopes = []ResourceScope{{Name: "other:read", Words: "see others"}}
	h.resource(n)
}

// Coming back under its own identifier, an API has its scopes again, as it has when it
// is enabled again.
func TestAResourceThatComesBackHasItsScopesAgain(t *testing.T) {
	h := newHouse(t)
	v, ada := h.resource(orders()), h.user("ada")
	h.client("demo")
	h.mayAsk("demo", "orders:read")
	g := h.grant(ada, need(h.Clients.Get(h.ctx, "demo"))(h), h.signIn(ada), "orders:read")
	h.redeem(g)
	h.ok(h.Resources.Delete(h.ctx, Operator, v.ID))
	again := h.resource(orders())
	if again.ID == v.ID || h.dead(g) != "" {
		t.Errorf("ids %s and %s, dead: %q", v.ID, again.ID, h.dead(g))
	}
	h.sound()
}

// A client is not stuck with a scope that is gone, nor may another take it up.
func TestClientsKeepScopesThatAreGoneAndCanBeChanged(t *testing.T) {
	h := newHouse(t)
	v := h.resource(orders())
	h.client("demo")
	h.client("late")
	h.mayAsk("demo", ScopeOpenID, "orders:read")
	if n := need(h.Resources.Clients(h.ctx, v))(h); n != 1 {
		t.Errorf("%d clients", n)
	}
	h.ok(h.Resources.Delete(h.ctx, Operator, v.ID))
	m := need(h.Clients.Get(h.ctx, "demo"))(h).Metadata
	m.ClientName = "Other"
	need(h.Clients.Change(h.ctx, Operator, "demo", 0, m))(h)
	need(h.Clients.SetState(h.ctx, Operator, "demo", ClientSuspended))(h)
	need(h.Clients.SetState(h.ctx, Operator, "demo", ClientApproved))(h)
	_, err := h.Clients.Change(h.ctx, Operator, "late", 0, m)
	wantInvalid(t, err, "scope")
	m.Scopes = []string{ScopeOpenID}
	need(h.Clients.Change(h.ctx, Operator, "demo", 0, m))(h)
	m.Scopes = []string{ScopeOpenID, "orders:read"}
	_, err = h.Clients.Change(h.ctx, Operator, "demo", 0, m)
	wantInvalid(t, err, "scope")
}

func TestSecretsOfAResourceOverlapAndEnd(t *testing.T) {
	h := newHouse(t)
	v := h.resource(orders())
	first := v.Secrets[0].ID
	v = need(h.Resources.AddSecret(h.ctx, Operator, v.ID, []byte("second"), "2222", time.Hour))(h)
	if live := v.LiveSecrets(h.clock.Now()); len(live) != 2 || live[0].Last4 != "2222" {
		t.Errorf("%+v", live)
	}
	h.clock.add(time.Hour)
	if live := v.LiveSecrets(h.clock.Now()); len(live) != 1 || live[0].ID == first {
		t.Errorf("%+v", live)
	}
	v = need(h.Resources.AddSecret(h.ctx, Operator, v.ID, []byte("third"), "3333", 0))(h)
	if len(v.Secrets) != 1 {
		t.Errorf("%+v", v.Secrets)
	}
	_, err := h.Resources.RemoveSecret(h.ctx, Operator, v.ID, first)
	wantErr(t, err, ErrNotFound)
	v = need(h.Resources.RemoveSecret(h.ctx, Operator, v.ID, v.Secrets[0].ID))(h)
	if len(v.Secrets) != 0 {
		t.Errorf("%+v", v.Secrets)
	}
	for range secretsMost {
		need(h.Resources.AddSecret(h.ctx, Operator, v.ID, []byte("x"), "", time.Hour))(h)
	}
	_, err = h.Resources.AddSecret(h.ctx, Operator, v.ID, []byte("x"), "", time.Hour)
	wantInvalid(t, err, "client_secret")
	for act, want := range map[Act]int{ActResourceCreated: 1, ActResourceSecret: 2 + secretsMost, ActResourceUnlock: 1} {
		got := h.acts()
		if n := len(slices.DeleteFunc(got, func(a Act) bool { return a != act })); n != want {
			t.Errorf("%d %s, want %d", n, act, want)
		}
	}
	h.sound()
}

func TestAnIDNamesAResourceOrAClientOrAUser(t *testing.T) {
	h := newHouse(t)
	v := h.resource(orders())
	_, err := h.Clients.Create(h.ctx, Operator, NewClient{ID: v.ID.String(), Metadata: webMetadata(), Secret: []byte("x")})
	wantTaken(t, err, "client_id")
	_, err = h.Users.Create(h.ctx, Operator, User{ID: v.ID, Username: "ada"})
	wantTaken(t, err, "sub")
	u, c := h.user("bob"), h.client(h.Clients.NewID())
	id := need(ParseID(c.ID))(h)
	for _, taken := range []ID{v.ID, u.ID, id} {
		used, err := view(h.ctx, h.base, func(r reader) (bool, error) { return idInUse(r, taken) })
		if err != nil || !used {
			t.Errorf("%s is in use: %t, %v", taken, used, err)
		}
	}
}

func TestOnlyAdministratorsManageResources(t *testing.T) {
	h := newHouse(t)
	by, v := h.user("ada").Actor(ViaPage, ""), h.resource(orders())
	_, err := h.Resources.Create(h.ctx, by, Once{}, orders())
	wantErr(t, err, ErrForbidden)
	_, err = h.Resources.Change(h.ctx, by, v.ID, 0, ResourceChange{})
	wantErr(t, err, ErrForbidden)
	_, err = h.Resources.Disable(h.ctx, by, v.ID, true)
	wantErr(t, err, ErrForbidden)
	_, err = h.Resources.AddSecret(h.ctx, by, v.ID, []byte("x"), "", 0)
	wantErr(t, err, ErrForbidden)
	_, err = h.Resources.RemoveSecret(h.ctx, by, v.ID, v.Secrets[0].ID)
	wantErr(t, err, ErrForbidden)
	wantErr(t, h.Resources.Delete(h.ctx, by, v.ID), ErrForbidden)
	wantErr(t, h.Resources.Delete(h.ctx, Operator, ID{7}), ErrNotFound)
	_, err = h.Resources.Change(h.ctx, Operator, v.ID, v.Revision+1, ResourceChange{})
	wantErr(t, err, ErrStale)
}

func TestOfManyResourcesUnderOneIdentifierAtOnceThereIsOne(t *testing.T) {
	h := houseOver(t, memory.New(memory.Options{}), Options{})
	got := h.atOnce(20, func(int) string {
		_, err := h.Resources.Create(h.ctx, Operator, Once{}, orders())
		return outcome(err)
	})
	if got["done"] != 1 || h.count(spaceResources) != 1 {
		t.Errorf("%v", got)
	}
	h.sound()
}

func FuzzResourceURI(f *testing.F) {
	for _, s := range []string{"https://api.example/v1?x", "urn:example:a", "api://x", "https://u@h", "https://[::1]:1/", "https://a#", "a:", "x:/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ResourceURI(s) != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil || !u.IsAbs() || u.Fragment != "" || u.User != nil || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '#' }) {
			t.Errorf("%q is taken", s)
		}
		if c := canonicalIdentifier(s); ResourceURI(c) != nil || canonicalIdentifier(c) != c || !SameIdentifier(s, c) {
			t.Errorf("%q is compared as %q", s, c)
		}
	})
}
