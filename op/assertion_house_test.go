package op

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/url"
	"sync"
	"testing"

	"latchkey/op/oauth"
	"latchkey/storage/apps"

	"github.com/go-jose/go-jose/v4"
)

// signers are keys of clients, by what they sign with.
var signers = sync.OnceValue(func() map[string]crypto.Signer {
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	return map[string]crypto.Signer{"ES256": p256, "ES384": p384, "EdDSA": must(ed, err), "RS256": key, "PS256": key}
})

// jwks is a JWK Set of the keys for these algorithms, whose kids are their names.
func jwks(algs ...string) json.RawMessage {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, alg := range algs {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: signers()[alg].Public(), KeyID: alg})
	}
	return must(json.Marshal(set))
}

// keyed is a client that authenticates by its key for ES256.
func keyed(m *apps.Metadata) {
	m.TokenEndpointAuthMethod, m.JWKS = apps.AuthMethodPrivateKeyJWT, jwks("ES256")
}

// assertion is a fresh assertion of the client id; change edits its claims.
func (h *house) assertion(id string, change func(map[string]any)) string {
	h.t.Helper()
	now := h.clock.now().Unix()
	claims := map[string]any{"iss": id, "sub": id, "aud": issuer, "iat": now, "exp": now + 60, "jti": rand.Text()}
	if change != nil {
		change(claims)
	}
	return signed(h.t, "ES256", signers()["ES256"], nil, claims)
}

// signed is a JWT.
func signed(t testing.TB, alg string, key any, header map[string]any, claims any) string {
	t.Helper()
	o := &jose.SignerOptions{}
	for name, v := range header {
		o = o.WithHeader(jose.HeaderKey(name), v)
	}
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, o))
	return must(must(signer.Sign(must(json.Marshal(claims)))).CompactSerialize())
}

// assert puts an assertion into a form.
func assert(form url.Values, assertion string) url.Values {
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return form
}

// present sends a form to the token endpoint with an assertion and nothing else.
func (h *house) present(form url.Values, assertion string) tokenAnswer {
	h.t.Helper()
	resp := h.do(formRequest(oauth.PathToken, assert(clone(form), assertion)))
	v := decoded[tokenAnswer](h.t, resp)
	v.Status = resp.StatusCode
	return v
}
