package storage

import "testing"

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
