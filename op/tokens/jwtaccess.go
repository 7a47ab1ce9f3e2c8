package tokens

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/policy"
)

// jwtLifeMost bounds a JWT access token's life: whoever checks one without asking
// us learns of a revocation only when it ends.
const jwtLifeMost = 10 * time.Minute

// AccessLife is how long a client's access tokens live.
func AccessLife(c *apps.Client, l policy.Lifetimes) time.Duration {
	life := policy.Seconds(l.AccessToken)
	if c.Metadata.AccessTokenFormat == apps.AccessTokenJWT {
		return min(life, jwtLifeMost)
	}
	return life
}

// sealed writes a user's access token in its client's form.
func (s *Tokens) sealed(ctx context.Context, t AccessToken, a *grants.Access) (string, error) {
	if a.Client.Metadata.AccessTokenFormat != apps.AccessTokenJWT {
		return s.Keys.SealAccessToken(t.Bytes())
	}
	return s.SignAccessToken(ctx, a.Client, s.Algorithm(a.Client, a.DefaultAlgorithm), t, s.Audience(a.Effective),
		map[string]any{
			"sub": a.User.Subject(), "scope": strings.Join(a.Scopes, " "), "auth_time": a.Grant.AuthTime.Unix(),
			"acr": a.Grant.ACR, "amr": a.Grant.AMR,
		})
}

// jwt makes an access token by RFC 9068. Its jti holds what an opaque token
// holds, so that here both are checked alike.
func (s *Tokens) SignAccessToken(ctx context.Context, c *apps.Client, alg string, t AccessToken, aud oauth.Audience,
	claims map[string]any) (string, error) {
	jti, err := s.Keys.SealTokenID(t.Bytes())
	if err != nil {
		return "", err
	}
	for name, value := range map[string]any{
		"iss": s.Issuer, "aud": aud, "client_id": c.ID, "jti": jti,
		"iat": s.Now().Unix(), "exp": t.Expires.Unix(),
	} {
		claims[name] = value
	}
	return s.Keys.Sign(ctx, alg, keys.TypeAccessToken, claims)
}

// openSealed returns what is sealed in an access token of either form, and its id.
// The jti of a JWT opens only inside of it: APIs log it.
func (s *Tokens) openSealed(token string) (payload, id []byte, err error) {
	if strings.HasPrefix(token, keys.PrefixAccessToken) {
		return s.Keys.OpenAccessToken(token)
	}
	raw, _, err := s.Keys.Verify(keys.TypeAccessToken, token)
	if err != nil {
		return nil, nil, err
	}
	var claims struct {
		ID string `json:"jti"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil, nil, err
	}
	return s.Keys.OpenTokenID(claims.ID)
}
