package tokenendpoint

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// codeRequest is RFC 6749 section 4.1.3.
type codeRequest struct {
	grant       storage.ID // that the code stands for
	codeHash    []byte
	redirectURI string
	verifier    string
	targets     apps.Targets
}

func (h *Handler) codeGrant() grantType {
	return newGrantType(apps.GrantTypeCode, h.decodeCode, checkVerifier, h.redeem)
}

func (h *Handler) decodeCode(form url.Values) (codeRequest, *oauth.Error) {
	if form.Get("code") == "" {
		return codeRequest{}, oauth.InvalidRequest("code is missing")
	}
	grant, hash, err := keys.ParseCode(form.Get("code"))
	if err != nil {
		return codeRequest{}, refusedCode("it is not one of ours")
	}
	return codeRequest{grant: grant, codeHash: hash, redirectURI: form.Get("redirect_uri"),
		verifier: form.Get("code_verifier"),
		targets:  h.Tokens.Targets(form)}, nil
}

func checkVerifier(q codeRequest) *oauth.Error {
	if n := len(q.verifier); n != 0 && (n < 43 || n > 128) {
		e := refusedCode("code_verifier of the wrong length")
		e.Text = "code_verifier must be 43 to 128 characters long" // RFC 7636 section 4.1
		return e
	}
	return nil
}

// redeem costs one commit and, with openid, one signature.
func (h *Handler) redeem(ctx context.Context, by *clientauth.Caller, q codeRequest) (*oidc.AccessTokenResponse,
	*oauth.Error) {
	out, err := h.Grants.Redeem(ctx, grants.Redemption{Grant: q.grant, CodeHash: q.codeHash, ClientUID: by.Client.UID,
		RedirectURI: q.redirectURI, Challenge: s256(q.verifier), Targets: q.targets,
		Assertion: by.TakeAssertion(), RequestID: edge.RequestID(ctx)})
	switch {
	case err != nil:
		return nil, oauth.Failed(err)
	case out.Refused == apps.RefusedAssertion:
		return nil, clientauth.NotAuthenticated(out.Refused)
	case out.Target != "":
		return nil, tokens.InvalidTarget(out.Target)
	case out.Access == nil:
		h.Tokens.NoteRefused(ctx, q.grant, out.Refused)
		e := refusedCode(out.Refused)
		if out.Refused == grants.RefusedUsedNoVerifier && !by.Client.Confidential() {
			// Nobody has shown who they are: what became of the code is for the log.
			e.Text = codeTexts[grants.RefusedNoVerifier]
		}
		return nil, e
	}
	edge.Sub(ctx, out.Access.User.Subject())
	return h.issue(ctx, tokens.Answer{Access: out.Access, Token: out.Token, Nonce: out.Access.Grant.Nonce,
		Refresh: tokens.MayRefresh(out.Access)})
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
func refusedCode(why string) *oauth.Error {
	return invalidGrant(why, cmp.Or(codeTexts[why],
		"the code is not valid: it is unknown, another client's, or what it was given for has ended"))
}

func invalidGrant(why, text string) *oauth.Error {
	return &oauth.Error{Status: http.StatusBadRequest, Code: "invalid_grant", Cause: errors.New(why), Text: text}
}
