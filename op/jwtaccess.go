package op

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"latchkey/keys"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/policy"
)

// jwtLifeMost bounds a JWT access token's life: whoever checks one without asking
// us learns of a revocation only when it ends.
const jwtLifeMost = 10 * time.Minute

// accessLife is how long a client's access tokens live.
func accessLife(c *apps.Client, l policy.Lifetimes) time.Duration {
	life := policy.Seconds(l.AccessToken)
	if c.Metadata.AccessTokenFormat == apps.AccessTokenJWT {
		return min(life, jwtLifeMost)
	}
	return life
}

// sealed writes a user's access token in its client's form.
func (s *tokens) sealed(ctx context.Context, t accessToken, a *grants.Access) (string, error) {
	if a.Client.Metadata.AccessTokenFormat != apps.AccessTokenJWT {
		return s.keys.SealAccessToken(t.bytes())
	}
	return s.jwt(ctx, a.Client, s.algorithm(a.Client, a.DefaultAlgorithm), t, s.audience(a.Effective), map[string]any{
		"sub": a.User.Subject(), "scope": strings.Join(a.Scopes, " "), "auth_time": a.Grant.AuthTime.Unix(),
		"acr": a.Grant.ACR, "amr": a.Grant.AMR,
	})
}

// jwt makes an access token by RFC 9068. Its jti holds what an opaque token
// holds, so that here both are checked alike.
func (s *tokens) jwt(ctx context.Context, c *apps.Client, alg string, t accessToken, aud audience, claims map[string]any) (string, error) {
	jti, err := s.keys.SealTokenID(t.bytes())
	if err != nil {
		return "", err
	}
	for name, value := range map[string]any{
		"iss": s.issuer, "aud": aud, "client_id": c.ID, "jti": jti,
		"iat": s.now().Unix(), "exp": t.expires.Unix(),
	} {
		claims[name] = value
	}
	return s.keys.Sign(ctx, alg, keys.TypeAccessToken, claims)
}

// openSealed returns what is sealed in an access token of either form, and its id.
// The jti of a JWT opens only inside of it: APIs log it.
func (s *tokens) openSealed(token string) (payload, id []byte, err error) {
	if strings.HasPrefix(token, keys.PrefixAccessToken) {
		return s.keys.OpenAccessToken(token)
	}
	raw, _, err := s.keys.Verify(keys.TypeAccessToken, token)
	if err != nil {
		return nil, nil, err
	}
	var claims struct {
		ID string `json:"jti"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil, nil, err
	}
	return s.keys.OpenTokenID(claims.ID)
}
