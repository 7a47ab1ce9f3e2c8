package apps_test

import (
	"slices"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
)

func TestOnlyAnAdministratorMakesAClientThePlatformsOwn(t *testing.T) {
	h := storetest.NewHouse(t)
	c, ada := h.Client("demo"), h.User("ada")
	_, err := h.Clients.SetFirstParty(h.Ctx, ada.Actor(storage.ViaPage, ""), c.ID, true)
	storetest.WantErr(t, err, storage.ErrForbidden)
	m := storetest.WebMetadata()
	m.Consent = apps.ConsentSkip
	_, err = h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m)
	storetest.WantInvalid(t, err, "consent")
	_, err = h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: m, Secret: []byte("x")})
	storetest.WantInvalid(t, err, "consent")
	storetest.Need(h.Clients.SetFirstParty(h.Ctx, storage.Operator, c.ID, true))(h)
	if c = storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h); !c.SkipsConsent() {
		t.Error("consent is not skipped")
	}
	_, err = h.Clients.SetFirstParty(h.Ctx, storage.Operator, c.ID, false)
	storetest.WantInvalid(t, err, "consent")
	for _, uri := range []string{"http://127.0.0.1/cb", "com.example:/cb"} {
		m.TokenEndpointAuthMethod, m.RedirectURIs = apps.AuthMethodNone, []string{"https://app.example/cb", uri}
		_, err = h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m)
		storetest.WantInvalid(t, err, "consent")
	}
	m.Consent = "sometimes"
	_, err = h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m)
	storetest.WantInvalid(t, err, "consent")
}

func TestFirstPartyScopesAreForFirstPartyClientsThatAuthenticate(t *testing.T) {
	h := storetest.NewHouse(t)
	demo := h.Client("demo")
	for _, scope := range []string{apps.ScopeAdmin, apps.ScopeAdminRead} {
		m := storetest.WebMetadata()
		m.Scopes = []string{apps.ScopeOpenID, scope}
		_, err := h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: m, Secret: []byte("x")})
		storetest.WantInvalid(t, err, "scope")
		_, err = h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m)
		storetest.WantInvalid(t, err, "scope")
		for _, dry := range []bool{true, false} {
			out := storetest.Need(h.Clients.Import(h.Ctx, storage.Operator, dry, []apps.ClientImport{
				{NewClient: apps.NewClient{ID: "moved", Metadata: m, Secret: []byte("x")}},
				{NewClient: apps.NewClient{ID: "demo", Metadata: m}, Revision: demo.Revision}}))(h)
			storetest.WantInvalid(t, out[0].Err, "scope")
			storetest.WantInvalid(t, out[1].Err, "scope")
		}
		own := storetest.Need(h.Clients.Create(h.Ctx, storage.Operator,
			apps.NewClient{Metadata: m, Secret: []byte("x"), FirstParty: true}))(h)
		_, err = h.Clients.SetFirstParty(h.Ctx, storage.Operator, own.ID, false)
		storetest.WantInvalid(t, err, "scope")
		m.TokenEndpointAuthMethod = apps.AuthMethodNone
		_, err = h.Clients.Change(h.Ctx, storage.Operator, own.ID, 0, m)
		storetest.WantInvalid(t, err, "scope")
		_, err = h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: m, FirstParty: true})
		storetest.WantInvalid(t, err, "scope")
		storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, own.ID, 0, storetest.WebMetadata()))(h)
		storetest.Need(h.Clients.SetFirstParty(h.Ctx, storage.Operator, own.ID, false))(h)
	}
	for _, c := range storetest.Need(h.Scopes.Catalogue(h.Ctx))(h).Offers {
		if c.FirstParty && slices.Contains((&apps.Client{}).DefaultScopes(), c.Name) {
			t.Errorf("%s is given to whoever says nothing", c.Name)
		}
	}
}

// However it came about, a client that is first-party no longer has nothing of it.
func TestFirstPartyScopesEndWithBeingFirstParty(t *testing.T) {
	for name, lose := range map[string]func(*apps.Client){
		"third party": func(c *apps.Client) { c.FirstParty = false },
		"public":      func(c *apps.Client) { c.Metadata.TokenEndpointAuthMethod = apps.AuthMethodNone },
	} {
		h := storetest.NewHouse(t)
		m := storetest.WebMetadata()
		m.Scopes = []string{apps.ScopeOpenID, apps.ScopeAdmin}
		c := storetest.Need(h.Clients.Create(h.Ctx, storage.Operator,
			apps.NewClient{ID: "own", Metadata: m, Secret: []byte("x"), FirstParty: true}))(h)
		ada := h.Admin("ada")
		v := h.SignIn(ada)
		g, alone := h.Grant(ada, c, v, apps.ScopeOpenID, apps.ScopeAdmin), h.Grant(ada, c, v, apps.ScopeAdmin)
		for _, g := range []*grants.Grant{g, alone} {
			if out := h.Redeem(g); out.Access == nil || !slices.Contains(out.Access.Scopes, apps.ScopeAdmin) {
				t.Fatalf("%+v", out)
			}
		}
		h.Plant(func(f *store.Floors, w storetest.Writer) error {
			lose(c)
			return f.Apps.Clients.Put(w, c)
		})
		if a := storetest.Need(h.Grants.Access(h.Ctx, g.ID, nil))(h); !slices.Equal(a.Scopes,
			[]string{apps.ScopeOpenID}) {
			t.Errorf("%s: %v", name, a.Scopes)
		}
		if dead := h.Dead(alone); dead != apps.DeadScopes {
			t.Errorf("%s: %q", name, dead)
		}
	}
}
