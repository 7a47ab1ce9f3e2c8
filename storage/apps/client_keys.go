package apps

import (
	"slices"
	"strings"

	"latchkey/storage"
	"latchkey/storage/policy"
)

// jwksMost is how long an inline JWK Set may be, in bytes.
const maxJWKS = 16 << 10

func authMethods() []string {
	return []string{AuthMethodBasic, AuthMethodPost, AuthMethodPrivateKeyJWT, AuthMethodNone}
}

// UsesSecret reports whether the client authenticates by a secret. One that says
// nothing does.
func (m *Metadata) UsesSecret() bool {
	return m.TokenEndpointAuthMethod != AuthMethodPrivateKeyJWT && m.TokenEndpointAuthMethod != AuthMethodNone
}

// AllowsAuthMethod reports whether the client may authenticate by a method. A secret may
// come in the header or in the body whatever was registered: many libraries choose for
// themselves, and some send it in one way with a code and in another with a refresh token.
func (m *Metadata) AllowsAuthMethod(method string) bool {
	if m.UsesSecret() && !m.RequireAuthMethod {
		return method == AuthMethodBasic || method == AuthMethodPost
	}
	return method == m.TokenEndpointAuthMethod
}

// RefreshesOnline reports whether the client gets refresh tokens without offline_access.
func (m *Metadata) RefreshesOnline() bool {
	return slices.Contains(m.GrantTypes, GrantTypeRefresh) && (m.OnlineRefresh == nil || *m.OnlineRefresh)
}

// noSecret says why a client has none, by whether it is confidential.
var noSecret = map[bool]string{
	true:  "it authenticates by its keys, and has no secret",
	false: "a public client has no secret",
}

// validateKeys applies the rules of RFC 7591 section 2. Whether the keys themselves
// are good is for those to say who know cryptography.
func (m *Metadata) validateKeys() error {
	switch {
	case len(m.JWKS) > 0 && m.JWKSURI != "":
		return storage.Invalidf("jwks", "and jwks_uri must not both be given: clear the one that no longer holds")
	case m.TokenEndpointAuthMethod == AuthMethodPrivateKeyJWT && len(m.JWKS) == 0 && m.JWKSURI == "":
		return storage.Invalidf("jwks", "or jwks_uri must be given: private_key_jwt needs the client's public keys")
	case len(m.JWKS) > maxJWKS:
		return storage.Invalidf("jwks", "must be at most %d bytes long: use jwks_uri for more", maxJWKS)
	}
	if alg := m.TokenEndpointAuthSigningAlg; alg != "" && !slices.Contains(policy.SigningAlgorithms(), alg) {
		return storage.Invalidf("token_endpoint_auth_signing_alg", "must be among %s, not %q",
			strings.Join(policy.SigningAlgorithms(), ", "), alg)
	}
	return m.validateJWKSURI()
}

// validateJWKSURI demands https: whoever could change the keys on their way could be
// the client. An address on this machine has no way.
func (m *Metadata) validateJWKSURI() error {
	if m.JWKSURI == "" {
		return nil
	}
	u, err := strictURI(m.JWKSURI)
	if err != nil {
		return storage.Invalidf("jwks_uri", "%v: %q", err, m.JWKSURI)
	}
	switch {
	case u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return storage.Invalidf("jwks_uri", "must be an https address: %q", m.JWKSURI)
	case u.Scheme == "http" && !isLoopback(u):
		return storage.Invalidf("jwks_uri",
			"must use https, since anybody on the way can change what http brings: %q", m.JWKSURI)
	}
	return nil
}
