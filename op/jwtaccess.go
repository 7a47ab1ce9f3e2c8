package op

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"latchkey/keys"
	"latchkey/storage"
)

// jwtLifeMost bounds a JWT access token's life: whoever checks one without asking
// us learns of a revocation only when it ends.
const jwtLifeMost = 10 * time.Minute

// accessLife is how long a client's access tokens live.
func accessLife(c *storage.Client, l storage.Lifetimes) time.Duration {
	life := storage.Seconds(l.AccessToken)
	if c.Metadata.AccessTokenFormat == storage.AccessTokenJWT {
		return min(life, jwtLifeMost)
	}
	return life
}

// sealed writes a user's access token in its client's form.
func (p *Provider) sealed(ctx context.Context, t accessToken, a *storage.Access) (string, error) {
	reference, err := p.keys.SealAccessToken(t.bytes())
	if err != nil || a.Client.Metadata.AccessTokenFormat != storage.AccessTokenJWT {
		return reference, err
	}
	return p.jwt(ctx, a.Client, p.algorithm(a.Client, a.DefaultAlgorithm), t, reference, p.audience(a.Effective), map[string]any{
		"sub": a.User.Subject(), "scope": strings.Join(a.Scopes, " "), "auth_time": a.Grant.AuthTime.Unix(),
		"acr": a.Grant.ACR, "amr": a.Grant.AMR,
	})
}

// jwt makes an access token by RFC 9068. Its jti is the opaque token, so that here
// both are checked alike.
func (p *Provider) jwt(ctx context.Context, c *storage.Client, alg string, t accessToken, reference string, aud audience, claims map[string]any) (string, error) {
	for name, value := range map[string]any{
		"iss": p.issuer, "aud": aud, "client_id": c.ID, "jti": reference,
		"iat": p.now().Unix(), "exp": t.expires.Unix(),
	} {
		claims[name] = value
	}
	return p.keys.Sign(ctx, alg, keys.TypeAccessToken, claims)
}

// reference returns the opaque form of an access token in either form.
func (p *Provider) reference(token string) (string, error) {
	if strings.HasPrefix(token, keys.PrefixAccessToken) {
		return token, nil
	}
	raw, _, err := p.keys.Verify(keys.TypeAccessToken, token)
	if err != nil {
		return "", errAccessToken
	}
	var claims struct {
		ID string `json:"jti"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return "", errAccessToken
	}
	return claims.ID, nil
}
