package authorize

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"latchkey/op/userclaims"
	"latchkey/storage/apps"
)

func (q *Request) readResponse(c *apps.Client, form url.Values) *fault {
	if len(form.Get("nonce")) > nonceMost {
		return faulty("invalid_request", "nonce may be up to %d bytes long", nonceMost)
	}
	if q.Nonce = form.Get("nonce"); !utf8.ValidString(q.Nonce) {
		// It could not come back as it was sent: an ID token is JSON.
		return faulty("invalid_request", "nonce must be text in UTF-8")
	}
	switch t := form.Get("response_type"); {
	case t == "":
		return faulty("invalid_request", "response_type is missing")
	case t != "code":
		return faulty("unsupported_response_type", "response_type must be code")
	case !slices.Contains(c.Metadata.ResponseTypes, "code"):
		return faulty("unauthorized_client", "this client is not registered for response_type code")
	}
	return nil
}

// readUnsupported refuses what OpenID Connect Core section 3.1.2.6 has words for.
func (q *Request) readUnsupported(_ *apps.Client, form url.Values) *fault {
	for _, param := range []string{"request", "request_uri", "registration"} {
		if form.Get(param) != "" {
			return faulty(param+"_not_supported", "the parameter %s is not supported", param)
		}
	}
	return nil
}

func (q *Request) readPrompt(c *apps.Client, form url.Values) *fault {
	for _, v := range q.Prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, v) {
			return faulty("invalid_request", "prompt must be none, login, consent or select_account")
		}
	}
	if q.asks("none") && len(q.Prompt) > 1 {
		return faulty("invalid_request", "prompt=none must stand alone")
	}
	q.MaxAge = c.Metadata.DefaultMaxAge
	if s := form.Get("max_age"); s != "" {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return faulty("invalid_request", "max_age must be a number of seconds")
		}
		age := uint32(n) // out of range: the largest there is, more than a century
		q.MaxAge = &age
	}
	return nil
}

// readChallenge demands PKCE where a stolen code could be used (see [storage.Client.NeedsPKCE]),
// and S256 of all: plain protects nothing that a stolen request does not give away.
func (q *Request) readChallenge(c *apps.Client, form url.Values) *fault {
	challenge, method := form.Get("code_challenge"), form.Get("code_challenge_method")
	if challenge == "" {
		if method != "" {
			return faulty("invalid_request", "code_challenge is missing")
		}
		if c.NeedsPKCE(q.RedirectURI) {
			return faulty("invalid_request",
				"code_challenge is missing: this client must use PKCE (RFC 7636) with this redirect_uri")
		}
		return nil
	}
	if method != "S256" {
		return faulty("invalid_request", "code_challenge_method must be S256")
	}
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(challenge); err != nil || len(raw) != 32 {
		return faulty("invalid_request", "code_challenge must be the base64url form of a SHA-256 hash")
	}
	q.Challenge = challenge
	return nil
}

// readHints reads what says who is meant and which claims are wanted: hints are
// reduced to whom they name.
func (h *Handler) readHints(q *Request) func(*apps.Client, url.Values) *fault {
	return func(c *apps.Client, form url.Values) *fault {
		if hint := form.Get("login_hint"); len(hint) <= hintMost && utf8.ValidString(hint) {
			q.LoginHint = hint // another one is no name of ours: a hint may be ignored
		}
		ask, err := userclaims.Parse(form.Get("claims"))
		if err != nil {
			return faulty("invalid_request", "claims %v", err)
		}
		if ask.NeedsOtherACR() {
			return faulty("unmet_authentication_requirements",
				"none of the acr values asked for as essential can be met")
		}
		if !ask.None() {
			ask.Within(append(h.Claims.OfClient(c), h.Claims.OfScopes(q.Scopes)...))
		}
		q.Claims, q.Subject = ask, ask.Subject
		return h.readIDTokenHint(q, form.Get("id_token_hint"))
	}
}

// readIDTokenHint reduces a hint to whom it names. It may be expired (OpenID
// Connect Core section 3.1.2.1), and must be one of ours for this client.
func (h *Handler) readIDTokenHint(q *Request, hint string) *fault {
	if hint == "" {
		return nil
	}
	who, ok := h.Tokens.HintedSubject(q.ClientID, hint)
	if !ok {
		return faulty("invalid_request", "id_token_hint is not an ID token that this provider issued to this client")
	}
	if q.Subject != "" && q.Subject != who {
		return faulty("invalid_request", "id_token_hint and claims name different users")
	}
	q.Subject = who
	return nil
}

// mayAsk reports whether a request of this client may have a scope. offline_access
// is ignored where no refresh token would come of it (OpenID Connect Core section
// 11).
func mayAsk(c *apps.Client, scope *apps.Scope) bool {
	if scope.Name == apps.ScopeOfflineAccess && !slices.Contains(c.Metadata.GrantTypes, apps.GrantTypeRefresh) {
		return false
	}
	return c.MayAsk(scope)
}
