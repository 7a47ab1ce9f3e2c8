package storage

import (
	"encoding/json"
	"strings"
	"testing"
)

func keyed(change func(*Metadata)) Metadata {
	m := webMetadata()
	m.TokenEndpointAuthMethod, m.JWKS = AuthMethodPrivateKeyJWT, json.RawMessage(`{"keys":[]}`)
	if change != nil {
		change(&m)
	}
	return m
}

func TestKeysStandInlineOrAtAnAddressAndThereByHTTPS(t *testing.T) {
	at := func(uri string) func(*Metadata) {
		return func(m *Metadata) { m.JWKS, m.JWKSURI = nil, uri }
	}
	for name, c := range map[string]struct {
		change func(*Metadata)
		field  string // that is refused; "": none
	}{
		"inline":                     {nil, ""},
		"at an address":              {at("https://app.example/jwks?v=1"), ""},
		"on this machine":            {at("http://127.0.0.1:9000/jwks"), ""},
		"on localhost":               {at("http://localhost/jwks"), ""},
		"nowhere":                    {at(""), "jwks"},
		"both":                       {func(m *Metadata) { m.JWKSURI = "https://app.example/jwks" }, "jwks"},
		"by http":                    {at("http://app.example/jwks"), "jwks_uri"},
		"by another scheme":          {at("ftp://app.example/jwks"), "jwks_uri"},
		"in a file":                  {at("file:///etc/passwd"), "jwks_uri"},
		"with a user":                {at("https://a:b@app.example/jwks"), "jwks_uri"},
		"with a fragment":            {at("https://app.example/jwks#x"), "jwks_uri"},
		"relative":                   {at("/jwks"), "jwks_uri"},
		"endless address":            {at("https://app.example/" + strings.Repeat("x", 2048)), "jwks_uri"},
		"endless":                    {func(m *Metadata) { m.JWKS = json.RawMessage(strings.Repeat("x", jwksMost+1)) }, "jwks"},
		"an algorithm":               {func(m *Metadata) { m.TokenEndpointAuthSigningAlg = "EdDSA" }, ""},
		"HMAC":                       {func(m *Metadata) { m.TokenEndpointAuthSigningAlg = "HS256" }, "token_endpoint_auth_signing_alg"},
		"none":                       {func(m *Metadata) { m.TokenEndpointAuthSigningAlg = "none" }, "token_endpoint_auth_signing_alg"},
		"keys without using them":    {func(m *Metadata) { m.TokenEndpointAuthMethod = AuthMethodNone }, ""},
		"a secret within assertions": {func(m *Metadata) { m.TokenEndpointAuthMethod = "client_secret_jwt" }, "token_endpoint_auth_method"},
	} {
		h := newHouse(t)
		m := keyed(c.change)
		n := NewClient{Metadata: m}
		if m.UsesSecret() {
			n.Secret = []byte("x")
		}
		_, err := h.Clients.Create(h.ctx, Operator, n)
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.field != "":
			wantInvalid(t, err, c.field)
		}
	}
}

func TestAClientThatAuthenticatesByKeysHasNoSecret(t *testing.T) {
	h := newHouse(t)
	_, err := h.Clients.Create(h.ctx, Operator, NewClient{Metadata: keyed(nil), Secret: []byte("x")})
	wantInvalid(t, err, "token_endpoint_auth_method")
	h.client("demo")
	f := h.signIn(h.user("ada"))
	g := h.grant(need(h.Users.Find(h.ctx, "ada"))(h), need(h.Clients.Get(h.ctx, "demo"))(h), f, ScopeOpenID)
	h.redeem(g)
	c := need(h.Clients.Change(h.ctx, Operator, "demo", 0, keyed(nil)))(h)
	if len(c.Secrets) != 0 || !c.Confidential() || c.Revision != 2 {
		t.Errorf("%+v", c)
	}
	if dead := h.dead(g); dead != "" {
		t.Errorf("what was given before: %q", dead)
	}
	_, err = h.Clients.AddSecret(h.ctx, Operator, "demo", []byte("x"), "", 0)
	wantInvalid(t, err, "token_endpoint_auth_method")
}
