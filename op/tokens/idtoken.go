package tokens

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/policy"
)

// typeIDToken is the JOSE typ of ID tokens (RFC 7519 section 5.1).
const typeIDToken = "JWT"

// payloadMost bounds the claims of an ID token in bytes of JSON. With header and an RSA
// signature the token stays under 4 KB: programs keep it in cookies, and send it in
// addresses as a hint.
const payloadMost = 2600

// idToken makes an ID token in the client's algorithm (OpenID Connect Core section
// 2). The claims of granted scopes are in it, unless a setting or the client says that
// they come by userinfo alone.
func (s *Tokens) idToken(ctx context.Context, a *grants.Access, accessToken, nonce string) (string, error) {
	ask, err := userclaims.Recorded(a.Grant.Claims)
	if err != nil {
		return "", err
	}
	names := s.Claims.AlsoAllowed(a, ask.IDToken)
	if a.IDTokenUserClaims {
		names = append(names, a.Claims...)
	}
	claims := userclaims.Of(a, names)
	now, alg := s.Now(), s.Algorithm(a.Client, a.DefaultAlgorithm)
	// The protocol's own claims win over any of the user's.
	claims["iss"] = s.Issuer
	claims["sub"] = a.User.Subject()
	claims["aud"] = a.Client.ID
	claims["azp"] = a.Client.ID
	claims["iat"] = now.Unix()
	claims["exp"] = now.Add(policy.Seconds(a.Lifetimes.IDToken)).Unix()
	// Always there: certified clients ask for it by max_age and require_auth_time, and
	// it costs nothing to those that do not.
	claims["auth_time"] = a.Grant.AuthTime.Unix()
	claims["at_hash"] = keys.HalfHash(alg, accessToken)
	claims["sid"] = s.SID(a.Grant.Session, a.Client.UID)
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if a.Grant.ACR != "" {
		claims["acr"] = a.Grant.ACR
	}
	if len(a.Grant.AMR) > 0 {
		claims["amr"] = a.Grant.AMR
	}
	if err := shorten(ctx, claims, names); err != nil {
		return "", err
	}
	return s.Keys.Sign(ctx, alg, typeIDToken, claims)
}

// shorten leaves claims of the user to userinfo until the rest is within payloadMost, and
// says on the log line which.
func shorten(ctx context.Context, claims map[string]any, names []string) error {
	var left []string
	for {
		payload, err := json.Marshal(claims)
		if err != nil {
			return err
		}
		if len(payload) <= payloadMost {
			break
		}
		name := firstToLeaveOut(claims, names)
		if name == "" {
			break // what is left is the protocol's own
		}
		delete(claims, name)
		left = append(left, name)
	}
	if len(left) > 0 {
		edge.Note(ctx, slog.String("id_token_left_out", strings.Join(left, " ")))
	}
	return nil
}

// firstToLeaveOut is the claim among names that is left to userinfo before the others:
// groups, then address, then patreon, then the longest.
func firstToLeaveOut(claims map[string]any, names []string) (name string) {
	for _, first := range []string{apps.ClaimGroups, "address", "patreon"} {
		if _, has := claims[first]; has {
			return first
		}
	}
	longest := 0
	for _, n := range names {
		text, _ := claims[n].(string)
		if _, has := claims[n]; has && len(text) >= longest {
			name, longest = n, len(text)
		}
	}
	return name
}

// Algorithm signs for a client: the one that it registered, or preset, that of the
// settings. RS256, which is always there, stands in for a preset that was enabled a
// moment ago and has no key yet.
func (s *Tokens) Algorithm(c *apps.Client, preset string) string {
	switch own := c.Metadata.IDTokenSignedResponseAlg; {
	case own != "":
		return own
	case s.Keys.Signs(preset):
		return preset
	}
	return policy.AlgorithmRS256
}

// sid names a session to one client only: two clients cannot find out by it that
// they serve the same person.
func (s *Tokens) SID(session, client storage.ID) string {
	return base64.RawURLEncoding.EncodeToString(s.Keys.MAC(keys.PurposeSID, session[:], client[:])[:16])
}

// HintedSubject returns whom an ID token names, if this provider issued it to that
// client; it may be expired.
func (s *Tokens) HintedSubject(clientID, token string) (string, bool) {
	h, ok := s.ReadHint(token)
	if !ok || h.Audience != clientID {
		return "", false
	}
	return h.Subject, true
}

// hint is what an ID token of ours says, whatever its age.
type hint struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	SID      string `json:"sid"`
}

// ReadHint reads an ID token that this provider issued; it may be expired.
func (s *Tokens) ReadHint(token string) (hint, bool) {
	var h hint
	raw, _, err := s.Keys.Verify(typeIDToken, token)
	if err != nil || json.Unmarshal(raw, &h) != nil || h.Issuer != s.Issuer {
		return hint{}, false
	}
	return h, h.Subject != "" && h.Audience != ""
}
