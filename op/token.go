package op

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage"
)

// CodeExchange redeems an authorization code (RFC 6749 section 4.1.3). It costs one
// commit and, with openid, one signature.
func (s *server) CodeExchange(ctx context.Context, r *zop.ClientRequest[oidc.AccessTokenRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	grant, hash, err := keys.ParseCode(r.Data.Code)
	if err != nil {
		return c.refuse(invalidGrant("the code is not one of ours"))
	}
	if n := len(r.Data.CodeVerifier); n != 0 && (n < 43 || n > 128) {
		e := invalidGrant("code_verifier of the wrong length")
		e.text = "code_verifier must be 43 to 128 characters long" // RFC 7636 section 4.1
		return c.refuse(e)
	}
	out, err := s.p.store.Grants.Redeem(ctx, storage.Redemption{Grant: grant, CodeHash: hash, ClientUID: c.client.UID,
		RedirectURI: c.sent.Get("redirect_uri"), Challenge: s256(r.Data.CodeVerifier), RequestID: edge.RequestID(ctx)})
	if err != nil {
		return c.refuse(failed(err))
	}
	if out.Access == nil {
		return c.refuse(invalidGrant(out.Refused))
	}
	edge.Sub(ctx, out.Access.User.Subject())
	answer, err := s.p.tokens(ctx, out.Access)
	if err != nil {
		return c.refuse(failed(err))
	}
	return zop.NewResponse(answer), nil
}

// s256 is the challenge that a verifier answers (RFC 7636 section 4.6); "" if none
// was sent.
func s256(verifier string) string {
	if verifier == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// invalidGrant tells the client one thing whatever the reason; the log knows it.
func invalidGrant(why string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "invalid_grant", cause: errors.New(why),
		text: "the code is not valid: it is unknown, used, expired, or for another client, redirect URI or code_verifier"}
}

// tokens makes the answer of the token endpoint from what a grant gives now.
func (p *Provider) tokens(ctx context.Context, a *storage.Access) (*oidc.AccessTokenResponse, error) {
	life := storage.Seconds(a.Lifetimes.AccessToken)
	token, err := p.keys.SealAccessToken(accessToken{grant: a.Grant.ID, expires: p.now().Add(life)}.bytes())
	if err != nil {
		return nil, err
	}
	out := &oidc.AccessTokenResponse{AccessToken: token, TokenType: oidc.BearerToken,
		ExpiresIn: uint64(a.Lifetimes.AccessToken), Scope: oidc.SpaceDelimitedArray(a.Scopes)}
	if !isOIDC(a.Scopes) {
		return out, nil // plain OAuth: no ID token without openid
	}
	out.IDToken, err = p.idToken(ctx, a, token)
	return out, err
}

// accessToken is what an opaque access token holds: a reference to its grant. What
// it opens is decided at each use, so it says nothing about scopes.
type accessToken struct {
	grant   storage.ID
	expires time.Time // whole seconds
}

// tokenOfGrant is the first byte of an access token's payload: whose it is. A
// number is never reused.
const tokenOfGrant = 1

func (t accessToken) bytes() []byte {
	b := append([]byte{tokenOfGrant}, t.grant[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(t.expires.Unix()))
}

var errAccessToken = errors.New("not an access token of ours")

func parseAccessToken(b []byte) (accessToken, error) {
	if len(b) != 25 || b[0] != tokenOfGrant {
		return accessToken{}, errAccessToken
	}
	return accessToken{grant: storage.ID(b[1:17]), expires: time.Unix(int64(binary.BigEndian.Uint64(b[17:])), 0)}, nil
}

// access opens an access token and returns what it gives now: its own expiry, then
// everything about its grant.
func (p *Provider) access(ctx context.Context, token string) (*storage.Access, error) {
	payload, _, err := p.keys.OpenAccessToken(token)
	if err != nil {
		return nil, errAccessToken
	}
	t, err := parseAccessToken(payload)
	if err != nil {
		return nil, err
	}
	if !p.now().Before(t.expires) {
		return nil, storage.DeadExpired
	}
	return p.store.Grants.Access(ctx, t.grant)
}

func isOIDC(scopes []string) bool { return slices.Contains(scopes, storage.ScopeOpenID) }
