package op

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"

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
		RedirectURI: c.sent.Get("redirect_uri"), Challenge: s256(r.Data.CodeVerifier), Targets: s.p.targets(c.sent),
		Assertion: c.take(), RequestID: edge.RequestID(ctx)})
	switch {
	case err != nil:
		return c.refuse(failed(err))
	case out.Refused == storage.RefusedAssertion:
		return c.refuse(notAuthenticated(out.Refused))
	case out.Target != "":
		return c.refuse(invalidTarget(out.Target))
	case out.Access == nil:
		return c.refuse(invalidGrant(out.Refused))
	}
	edge.Sub(ctx, out.Access.User.Subject())
	return s.answer(ctx, issue{access: out.Access, token: out.Token, nonce: out.Access.Grant.Nonce, refresh: mayRefresh(out.Access)})
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

func isOIDC(scopes []string) bool { return slices.Contains(scopes, storage.ScopeOpenID) }
