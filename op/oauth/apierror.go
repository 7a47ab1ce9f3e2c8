package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/edge"
	"latchkey/storage"
)

// apiError is how an endpoint that speaks JSON refuses (RFC 6749 section 5.2, RFC
// 6750 section 3.1). All of it but the cause goes to the caller.
type Error struct {
	Status    int
	Code      string
	Text      string        // error_description: words of ours, fit for anybody
	Quoted    string        // what text repeats of what was sent, and the log does not
	Challenge string        // WWW-Authenticate; empty: none
	Retry     time.Duration // Retry-After; zero: none
	Cause     error         // for the log; nil: text says it all
}

// InvalidRequest says what is wrong with the form of a request.
func InvalidRequest(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request", Text: fmt.Sprintf(format, args...)}
}

// Failed is our own fault: the caller hears no more than that.
func Failed(err error) *Error {
	if storage.Stopped(err) {
		return &Error{Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable",
			Text: "the provider is out of order: try again later", Cause: err}
	}
	return &Error{Status: http.StatusInternalServerError, Code: "server_error",
		Text: "something went wrong on our side", Cause: err}
}

// headers puts into an answer's header what its status demands, and the reason into the
// request's log record. It returns the status.
func (e *Error) headers(r *http.Request, h http.Header) (status int) {
	cause := e.Cause
	if cause == nil {
		cause = Unquoted(e.Text, e.Quoted)
	}
	edge.Fail(r.Context(), e.Code, cause)
	status = e.Status
	if e.Code == "invalid_client" && basicChallenged(r) {
		status = http.StatusUnauthorized
		h.Set("WWW-Authenticate", basicChallenge)
	}
	if e.Challenge != "" {
		h.Set("WWW-Authenticate", e.Challenge)
	}
	if e.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((e.Retry+time.Second-1)/time.Second))) // RFC 9110 section 10.2.3
	}
	return status
}

// Unquoted is what the caller was told, for the log: without what it repeats of what
// was sent, which might be a secret in the wrong place.
func Unquoted(text, sent string) error {
	if sent != "" {
		text = strings.ReplaceAll(text, sent, "…")
	}
	return errors.New(text)
}

// errorBody is the JSON of an error answer.
type errorBody struct {
	Code string `json:"error"`
	Text string `json:"error_description,omitempty"`
}

func (e *Error) body() errorBody { return errorBody{Code: e.Code, Text: e.Text} }

// Write answers with the refusal.
func (e *Error) Write(w http.ResponseWriter, r *http.Request) {
	status := e.headers(r, w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e.body()) // the caller is gone: nobody to tell
}

// WriteJSON answers with what went well; nil: there is nothing to say.
func WriteJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	if v != nil {
		_ = json.NewEncoder(w).Encode(v) // the caller is gone: nobody to tell
	}
}

// Printable keeps foreign text within what error_description may hold (RFC 6749
// section 5.2), and short.
func Printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s[:min(len(s), 64)])
	return s
}

const basicChallenge = `Basic realm="token", charset="UTF-8"`

// basicChallenged reports whether invalid_client is 401, which demands a challenge (RFC
// 9110 section 15.5.2): where the client used the Authorization header (RFC 6749 section
// 5.2), and at introspection always (RFC 7662 section 2.3). Elsewhere a challenge would
// only be in the way: libraries that see one show it instead of error_description.
func basicChallenged(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || r.URL.Path == PathIntrospection
}
