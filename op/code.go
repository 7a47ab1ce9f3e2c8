package op

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// codeRequest is RFC 6749 section 4.1.3.
type codeRequest struct {
	grant       storage.ID // that the code stands for
	codeHash    []byte
	redirectURI string
	verifier    string
	targets     apps.Targets
}

func (h *tokenHandler) codeGrant() grantType {
	return newGrantType(apps.GrantTypeCode, h.decodeCode, checkVerifier, h.redeem)
}

func (h *tokenHandler) decodeCode(form url.Values) (codeRequest, *apiError) {
	if form.Get("code") == "" {
		return codeRequest{}, invalidRequest("code is missing")
	}
	grant, hash, err := keys.ParseCode(form.Get("code"))
	if err != nil {
		return codeRequest{}, refusedCode("it is not one of ours")
	}
	return codeRequest{grant: grant, codeHash: hash, redirectURI: form.Get("redirect_uri"), verifier: form.Get("code_verifier"),
		targets: h.tokens.targets(form)}, nil
}

func checkVerifier(q codeRequest) *apiError {
	if n := len(q.verifier); n != 0 && (n < 43 || n > 128) {
		e := refusedCode("code_verifier of the wrong length")
		e.text = "code_verifier must be 43 to 128 characters long" // RFC 7636 section 4.1
		return e
	}
	return nil
}

// redeem costs one commit and, with openid, one signature.
func (h *tokenHandler) redeem(ctx context.Context, by *caller, q codeRequest) (*oidc.AccessTokenResponse, *apiError) {
	out, err := h.grants.Redeem(ctx, grants.Redemption{Grant: q.grant, CodeHash: q.codeHash, ClientUID: by.client.UID,
		RedirectURI: q.redirectURI, Challenge: s256(q.verifier), Targets: q.targets,
		Assertion: by.takeAssertion(), RequestID: edge.RequestID(ctx)})
	switch {
	case err != nil:
		return nil, failed(err)
	case out.Refused == apps.RefusedAssertion:
		return nil, notAuthenticated(out.Refused)
	case out.Target != "":
		return nil, invalidTarget(out.Target)
	case out.Access == nil:
		h.tokens.tellOf(ctx, q.grant, out.Refused)
		e := refusedCode(out.Refused)
		if out.Refused == grants.RefusedUsedNoVerifier && !by.client.Confidential() {
			// Nobody has shown who they are: what became of the code is for the log.
			e.text = codeTexts[grants.RefusedNoVerifier]
		}
		return nil, e
	}
	edge.Sub(ctx, out.Access.User.Subject())
	return h.issue(ctx, issue{access: out.Access, token: out.Token, nonce: out.Access.Grant.Nonce, refresh: mayRefresh(out.Access)})
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

func isOIDC(scopes []string) bool { return slices.Contains(scopes, apps.ScopeOpenID) }
