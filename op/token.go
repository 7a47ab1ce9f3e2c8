package op

import (
	"cmp"
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
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// CodeExchange redeems an authorization code (RFC 6749 section 4.1.3). It costs one
// commit and, with openid, one signature.
func (s *server) CodeExchange(ctx context.Context, r *zop.ClientRequest[oidc.AccessTokenRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	grant, hash, err := keys.ParseCode(r.Data.Code)
	if err != nil {
		return c.refuse(refusedCode("it is not one of ours"))
	}
	if n := len(r.Data.CodeVerifier); n != 0 && (n < 43 || n > 128) {
		e := refusedCode("code_verifier of the wrong length")
		e.text = "code_verifier must be 43 to 128 characters long" // RFC 7636 section 4.1
		return c.refuse(e)
	}
	out, err := s.p.store.Grants.Redeem(ctx, grants.Redemption{Grant: grant, CodeHash: hash, ClientUID: c.client.UID,
		RedirectURI: c.sent.Get("redirect_uri"), Challenge: s256(r.Data.CodeVerifier), Targets: s.p.targets(c.sent),
		Assertion: c.take(), RequestID: edge.RequestID(ctx)})
	switch {
	case err != nil:
		return c.refuse(failed(err))
	case out.Refused == apps.RefusedAssertion:
		return c.refuse(notAuthenticated(out.Refused))
	case out.Target != "":
		return c.refuse(invalidTarget(out.Target))
	case out.Access == nil:
		s.p.tellOf(ctx, grant, out.Refused)
		e := refusedCode(out.Refused)
		if out.Refused == grants.RefusedUsedNoVerifier && !c.client.Confidential() {
			// Nobody has shown who they are: what became of the code is for the log.
			e.text = codeTexts[grants.RefusedNoVerifier]
		}
		return c.refuse(e)
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

// codeTexts are what the client is told of a code that is its own. Whoever sent one
// that is not hears only that.
var codeTexts = map[string]string{
	grants.RefusedReplay:         "the code was used before, so the tokens of its first use are ended, too: redeem a code once, and for another one start again at the authorization endpoint",
	grants.RefusedExpired:        "the code is too old: redeem it as soon as it arrives",
	grants.RefusedRedirectURI:    "redirect_uri must be the one of the authorization request, and left out if it was left out there",
	grants.RefusedVerifier:       "code_verifier does not match the code_challenge of the authorization request: the challenge is the base64url form, without padding, of the verifier's SHA-256 hash",
	grants.RefusedNoVerifier:     "code_verifier is missing: the authorization request had a code_challenge. If your app has sent this code before, send it once only",
	grants.RefusedUsedNoVerifier: "the code was used before and code_verifier is missing: redeem a code once, with its code_verifier, and for another one start again at the authorization endpoint",
	grants.RefusedUnasked:        "code_verifier was sent, but the authorization request had no code_challenge",
}

// refusedCode tells the client what to mend, and the log why.
func refusedCode(why string) *apiError {
	return invalidGrant(why, cmp.Or(codeTexts[why], "the code is not valid: it is unknown, another client's, or what it was given for has ended"))
}

func invalidGrant(why, text string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "invalid_grant", cause: errors.New(why), text: text}
}

// tellOf puts into the log record whom a token or code was about that is refused, and
// makes it a warning if it was used again: somebody may have stolen it.
func (p *Provider) tellOf(ctx context.Context, grant storage.ID, why string) {
	if why == grants.RefusedMismatch {
		return
	}
	if why == grants.RefusedTheft || why == grants.RefusedReplay || why == grants.RefusedUsedNoVerifier {
		edge.Warn(ctx)
	}
	if user, client, err := p.store.Grants.Whose(ctx, grant); err == nil {
		edge.ClientID(ctx, client)
		edge.Sub(ctx, user.String())
	}
}

func isOIDC(scopes []string) bool { return slices.Contains(scopes, apps.ScopeOpenID) }
