package userinfo

import (
	"net/http"
	"strings"

	"latchkey/internal/edge"
	"latchkey/op/oauth"
)

// bearerRealm is the challenge of RFC 6750 section 3 to a request without a token.
const bearerRealm = `Bearer realm="userinfo"`

// bearerError is a refusal of RFC 6750 section 3.1, in words of ours, without quotes.
func bearerError(status int, code, text string) *oauth.Error {
	return &oauth.Error{Status: status, Code: code, Text: text,
		Challenge: bearerRealm + `, error="` + code + `", error_description="` + text + `"`}
}

// bearer takes the access token from where RFC 6750 section 2 allows, and from one
// place only: the header, its scheme in any case, or the body of a form POST. A
// token in the URL ends up in logs and is refused. "" without an error: no token.
func bearer(w http.ResponseWriter, r *http.Request) (string, *oauth.Error) {
	bad := func(text string) *oauth.Error { return bearerError(http.StatusBadRequest, "invalid_request", text) }
	if r.URL.RawQuery != "" && r.URL.Query().Has("access_token") {
		return "", bad("an access token does not belong in the URL")
	}
	headers := r.Header["Authorization"]
	if len(headers) > 1 {
		return "", bad("the Authorization header was sent more than once")
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if len(headers) == 1 && !strings.EqualFold(scheme, "Bearer") {
		return "", nil
	}
	if r.Method == http.MethodPost && edge.IsForm(r) {
		r.Body = http.MaxBytesReader(w, r.Body, oauth.MaxBody)
		if err := r.ParseForm(); err != nil {
			return "", bad("the form cannot be read, or is longer than 16 KiB")
		}
		sent := r.PostForm["access_token"]
		inBody := len(sent) > 0 && sent[0] != "" // one without a value was left out (RFC 6749 section 3.2)
		if len(sent) > 1 || inBody && len(headers) == 1 {
			return "", bad("the access token was sent more than once")
		}
		if inBody {
			return sent[0], nil
		}
	}
	return strings.TrimSpace(token), nil
}
