package apps_test

import (
	"encoding/json"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/store/storetest"
)

func keyed(change func(*apps.Metadata)) apps.Metadata {
	m := storetest.WebMetadata()
	m.TokenEndpointAuthMethod, m.JWKS = apps.AuthMethodPrivateKeyJWT, json.RawMessage(`{"keys":[]}`)
	if change != nil {
		change(&m)
	}
	return m
}

func TestKeysStandInlineOrAtAnAddressAndThereByHTTPS(t *testing.T) {
	at := func(uri string) func(*apps.Metadata) {
		return func(m *apps.Metadata) { m.JWKS, m.JWKSURI = nil, uri }
	}
	for name, c := range map[string]struct {
		change func(*apps.Metadata)
		field  string // that is refused; "": none
	}{
		"inline":            {nil, ""},
		"at an address":     {at("https://app.example/jwks?v=1"), ""},
		"on this machine":   {at("http://127.0.0.1:9000/jwks"), ""},
		"on localhost":      {at("http://localhost/jwks"), ""},
		"nowhere":           {at(""), "jwks"},
		"both":              {func(m *apps.Metadata) { m.JWKSURI = "https://app.example/jwks" }, "jwks"},
		"by http":           {at("http://app.example/jwks"), "jwks_uri"},
		"by another scheme": {at("ftp://app.example/jwks"), "jwks_uri"},
		"in a file":         {at("file:///etc/passwd"), "jwks_uri"},
		"with a user":       {at("https://a:b@app.example/jwks"), "jwks_uri"},
		"with a fragment":   {at("https://app.example/jwks#x"), "jwks_uri"},
		"relative":          {at("/jwks"), "jwks_uri"},
		"endless address":   {at("https://app.example/" + strings.Repeat("x", 2048)), "jwks_uri"},
		"endless": {func(m *apps.Metadata) {
			m.JWKS = json.RawMessage(strings.Repeat("x",
				apps.MaxJWKS+1))
		}, "jwks"},
		"an algorithm": {func(m *apps.Metadata) { m.TokenEndpointAuthSigningAlg = "EdDSA" }, ""},
		"HMAC": {func(m *apps.Metadata) { m.TokenEndpointAuthSigningAlg = "HS256" },
			"token_endpoint_auth_signing_alg"},
		"none": {func(m *apps.Metadata) { m.TokenEndpointAuthSigningAlg = "none" },
			"token_endpoint_auth_signing_alg"},
		"keys without using them": {func(m *apps.Metadata) { m.TokenEndpointAuthMethod = apps.AuthMethodNone }, ""},
		"a secret within assertions": {func(m *apps.Metadata) { m.TokenEndpointAuthMethod = "client_secret_jwt" },
			"token_endpoint_auth_method"},
	} {
		h := storetest.NewHouse(t)
		m := keyed(c.change)
		n := apps.NewClient{Metadata: m}
		if m.UsesSecret() {
			n.Secret = []byte("x")
		}
		_, err := h.Clients.Create(h.Ctx, storage.Operator, n)
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.field != "":
			storetest.WantInvalid(t, err, c.field)
		}
	}
}

func TestAClientThatAuthenticatesByKeysHasNoSecret(t *testing.T) {
	h := storetest.NewHouse(t)
	_, err := h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: keyed(nil), Secret: []byte("x")})
	storetest.WantInvalid(t, err, "token_endpoint_auth_method")
	h.Client("demo")
	f := h.SignIn(h.User("ada"))
	g := h.Grant(storetest.Need(h.Users.Find(h.Ctx, "ada"))(h), storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h), f,
		apps.ScopeOpenID)
	h.Redeem(g)
	c := storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, keyed(nil)))(h)
	if len(c.Secrets) != 0 || !c.Confidential() || c.Revision != 2 {
		t.Errorf("%+v", c)
	}
	if dead := h.Dead(g); dead != "" {
		t.Errorf("what was given before: %q", dead)
	}
	_, err = h.Clients.AddSecret(h.Ctx, storage.Operator, "demo", []byte("x"), "", 0)
	storetest.WantInvalid(t, err, "token_endpoint_auth_method")
}
