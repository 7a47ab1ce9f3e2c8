package oauth

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/edge"
)

// NonEmpty are the values of a parameter as far as they are any: one without a value
// counts as left out (RFC 6749 section 3.1).
func NonEmpty(values []string) (some []string) {
	for _, v := range values {
		if v != "" {
			some = append(some, v)
		}
	}
	return some
}

// bodyMost bounds a token or userinfo request's body in bytes: a client assertion and a
// token of 4 KiB each fit well.
const MaxBody = 16 << 10

// The parameters that each endpoint knows. Whatever else is sent is ignored, repeated and
// empty ones included (RFC 6749 sections 3.1 and 3.2): libraries add some of their own.
var (
	AuthorizeParameters = []string{"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state",
		"nonce",
		"prompt", "max_age", "display", "ui_locales", "claims_locales", "acr_values", "id_token_hint", "login_hint",
		"claims",
		"code_challenge", "code_challenge_method", "request", "request_uri", "registration", repeatable}
	EndSessionParameters = []string{"id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri",
		"state", "ui_locales"}
	TokenParameters = append([]string{"grant_type", "code", "redirect_uri", "code_verifier", "refresh_token",
		"scope", repeatable},
		clientParameters...)
	TokenCallParameters = append([]string{"token", "token_type_hint"}, clientParameters...) // introspection, revocation
	clientParameters    = []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"}
)

// repeatable is the one parameter that may be sent more than once (RFC 8707 section 2).
const repeatable = "resource"

// SentTwice returns a known parameter that was sent more than once, or "". Of two values
// the one that checks and the one that uses may each take another.
func SentTwice(form url.Values, known []string) string {
	for _, name := range known {
		if len(form[name]) > 1 && name != repeatable {
			return name
		}
	}
	return ""
}

// InQuery returns a known parameter that the query of a request has, or "". A query that
// cannot be read in part is read as far as it can.
func InQuery(u *url.URL, known []string) string {
	if u.RawQuery == "" {
		return ""
	}
	sent := u.Query()
	if i := slices.IndexFunc(known, sent.Has); i >= 0 {
		return known[i]
	}
	return ""
}

// PostForm parses a body of parameters, of which those known are sent once, and not in
// the URL, which ends up in logs.
func PostForm(w http.ResponseWriter, r *http.Request, known []string) (url.Values, *Error) {
	if name := InQuery(r.URL, known); name != "" {
		return nil, InvalidRequest("%s belongs in the body, not in the URL", name)
	}
	if !edge.IsForm(r) {
		return nil, InvalidRequest("the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	if err := r.ParseForm(); err != nil {
		return nil, InvalidRequest("the form cannot be read, or is longer than 16 KiB")
	}
	if name := SentTwice(r.PostForm, known); name != "" {
		return nil, InvalidRequest("%s was sent more than once", name)
	}
	return r.PostForm, nil
}

func PostOnly(w http.ResponseWriter, r *http.Request, endpoint string) *Error {
	if r.Method == http.MethodPost {
		return nil
	}
	w.Header().Set("Allow", http.MethodPost)
	e := InvalidRequest("%s takes POST only", endpoint)
	e.Status = http.StatusMethodNotAllowed
	return e
}
