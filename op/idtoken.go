package op

import (
	"context"
	"encoding/base64"

	"latchkey/keys"
	"latchkey/storage"
)

// typeIDToken is the JOSE typ of ID tokens (RFC 7519 section 5.1).
const typeIDToken = "JWT"

// idToken makes an ID token in the client's algorithm (OpenID Connect Core section
// 2). Claims of scopes come by userinfo, unless the client asked otherwise.
func (p *Provider) idToken(ctx context.Context, a *storage.Access, accessToken, nonce string) (string, error) {
	ask, err := recordedClaims(a.Grant.Claims)
	if err != nil {
		return "", err
	}
	names := p.alsoAllowed(a, ask.IDToken)
	if a.Client.Metadata.IDTokenUserClaims {
		names = append(names, a.Claims...)
	}
	claims := userClaimsOf(a, names)
	now, alg := p.now(), p.algorithm(a.Client, a.DefaultAlgorithm)
	// The protocol's own claims win over any of the user's.
	claims["iss"] = p.issuer
	claims["sub"] = a.User.Subject()
	claims["aud"] = a.Client.ID
	claims["azp"] = a.Client.ID
	claims["iat"] = now.Unix()
	claims["exp"] = now.Add(storage.Seconds(a.Lifetimes.IDToken)).Unix()
	// Always there: certified clients ask for it by max_age and require_auth_time, and
	// it costs nothing to those that do not.
	claims["auth_time"] = a.Grant.AuthTime.Unix()
	claims["at_hash"] = keys.HalfHash(alg, accessToken)
	claims["sid"] = p.sid(a.Grant.Session, a.Client.UID)
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if a.Grant.ACR != "" {
		claims["acr"] = a.Grant.ACR
	}
	if len(a.Grant.AMR) > 0 {
		claims["amr"] = a.Grant.AMR
	}
	return p.keys.Sign(ctx, alg, typeIDToken, claims)
}

// algorithm signs for a client: the one that it registered, or preset, that of the
// settings. RS256, which is always there, stands in for a preset that was enabled a
// moment ago and has no key yet.
func (p *Provider) algorithm(c *storage.Client, preset string) string {
	switch own := c.Metadata.IDTokenSignedResponseAlg; {
	case own != "":
		return own
	case p.keys.Signs(preset):
		return preset
	}
	return storage.AlgorithmRS256
}

// sid names a session to one client only: two clients cannot find out by it that
// they serve the same person.
func (p *Provider) sid(session, client storage.ID) string {
	return base64.RawURLEncoding.EncodeToString(p.keys.MAC(keys.PurposeSID, session[:], client[:])[:16])
}

// hintedSubject returns whom an ID token names, if this provider issued it to that
// client; it may be expired.
func (p *Provider) hintedSubject(clientID, token string) (string, bool) {
	h, ok := p.readHint(token)
	if !ok || h.Audience != clientID {
		return "", false
	}
	return h.Subject, true
}
