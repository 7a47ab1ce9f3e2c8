package storage

import (
	"slices"
	"testing"
)

func TestOnlyAnAdministratorMakesAClientThePlatformsOwn(t *testing.T) {
	h := newHouse(t)
	c, ada := h.client("demo"), h.user("ada")
	_, err := h.Clients.SetFirstParty(h.ctx, ada.Actor(ViaPage, ""), c.ID, true)
	wantErr(t, err, ErrForbidden)
	m := webMetadata()
	m.Consent = ConsentSkip
	_, err = h.Clients.Change(h.ctx, Operator, c.ID, 0, m)
	wantInvalid(t, err, "consent")
	_, err = h.Clients.Create(h.ctx, Operator, NewClient{Metadata: m, Secret: []byte("x")})
	wantInvalid(t, err, "consent")
	need(h.Clients.SetFirstParty(h.ctx, Operator, c.ID, true))(h)
	if c = need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h); !c.SkipsConsent() {
		t.Error("consent is not skipped")
	}
	_, err = h.Clients.SetFirstParty(h.ctx, Operator, c.ID, false)
	wantInvalid(t, err, "consent")
	for _, uri := range []string{"http://127.0.0.1/cb", "com.example:/cb"} {
		m.TokenEndpointAuthMethod, m.RedirectURIs = AuthMethodNone, []string{"https://app.example/cb", uri}
		_, err = h.Clients.Change(h.ctx, Operator, c.ID, 0, m)
		wantInvalid(t, err, "consent")
	}
	m.Consent = "sometimes"
	_, err = h.Clients.Change(h.ctx, Operator, c.ID, 0, m)
	wantInvalid(t, err, "consent")
}

func TestFirstPartyScopesAreForFirstPartyClientsThatAuthenticate(t *testing.T) {
	h := newHouse(t)
	demo := h.client("demo")
	for _, scope := range []string{ScopeAdmin, ScopeAdminRead} {
		m := webMetadata()
		m.Scopes = []string{ScopeOpenID, scope}
		_, err := h.Clients.Create(h.ctx, Operator, NewClient{Metadata: m, Secret: []byte("x")})
		wantInvalid(t, err, "scope")
		_, err = h.Clients.Change(h.ctx, Operator, "demo", 0, m)
		wantInvalid(t, err, "scope")
		for _, dry := range []bool{true, false} {
			out := need(h.Clients.Import(h.ctx, Operator, dry, []ClientImport{
				{NewClient: NewClient{ID: "moved", Metadata: m, Secret: []byte("x")}},
				{NewClient: NewClient{ID: "demo", Metadata: m}, Revision: demo.Revision}}))(h)
			wantInvalid(t, out[0].Err, "scope")
			wantInvalid(t, out[1].Err, "scope")
		}
		own := need(h.Clients.Create(h.ctx, Operator, NewClient{Metadata: m, Secret: []byte("x"), FirstParty: true}))(h)
		_, err = h.Clients.SetFirstParty(h.ctx, Operator, own.ID, false)
		wantInvalid(t, err, "scope")
		m.TokenEndpointAuthMethod = AuthMethodNone
		_, err = h.Clients.Change(h.ctx, Operator, own.ID, 0, m)
		wantInvalid(t, err, "scope")
		_, err = h.Clients.Create(h.ctx, Operator, NewClient{Metadata: m, FirstParty: true})
		wantInvalid(t, err, "scope")
		need(h.Clients.Change(h.ctx, Operator, own.ID, 0, webMetadata()))(h)
		need(h.Clients.SetFirstParty(h.ctx, Operator, own.ID, false))(h)
	}
	for _, c := range need(h.Scopes.Catalogue(h.ctx))(h).Offers {
		if c.FirstParty && slices.Contains((&Client{}).defaultScopes(), c.Name) {
			t.Errorf("%s is given to whoever says nothing", c.Name)
		}
	}
}

// However it came about, a client that is first-party no longer has nothing of it.
func TestFirstPartyScopesEndWithBeingFirstParty(t *testing.T) {
	for name, lose := range map[string]func(*Client){
		"third party": func(c *Client) { c.FirstParty = false },
		"public":      func(c *Client) { c.Metadata.TokenEndpointAuthMethod = AuthMethodNone },
	} {
		h := newHouse(t)
		m := webMetadata()
		m.Scopes = []string{ScopeOpenID, ScopeAdmin}
		c := need(h.Clients.Create(h.ctx, Operator, NewClient{ID: "own", Metadata: m, Secret: []byte("x"), FirstParty: true}))(h)
		ada := h.admin("ada")
		v := h.signIn(ada)
		g, alone := h.grant(ada, c, v, ScopeOpenID, ScopeAdmin), h.grant(ada, c, v, ScopeAdmin)
		for _, g := range []*Grant{g, alone} {
			if out := h.redeem(g); out.Access == nil || !slices.Contains(out.Access.Scopes, ScopeAdmin) {
				t.Fatalf("%+v", out)
			}
		}
		h.plant(func(b *base, w writer) error {
			lose(c)
			return b.clients.put(w, c)
		})
		if a := need(h.Grants.Access(h.ctx, g.ID, nil))(h); !slices.Equal(a.Scopes, []string{ScopeOpenID}) {
			t.Errorf("%s: %v", name, a.Scopes)
		}
		if dead := h.dead(alone); dead != DeadScopes {
			t.Errorf("%s: %q", name, dead)
		}
	}
}
