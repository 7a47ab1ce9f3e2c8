package op

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
type apiError struct {
	status    int
	code      string
	text      string        // error_description: words of ours, fit for anybody
	quoted    string        // what text repeats of what was sent, and the log does not
	challenge string        // WWW-Authenticate; empty: none
	retry     time.Duration // Retry-After; zero: none
	cause     error         // for the log; nil: text says it all
}

// invalidRequest says what is wrong with the form of a request.
func invalidRequest(format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "invalid_request", text: fmt.Sprintf(format, args...)}
}

// failed is our own fault: the caller hears no more than that.
func failed(err error) *apiError {
	if storage.Stopped(err) {
		return &apiError{status: http.StatusServiceUnavailable, code: "temporarily_unavailable",
			text: "the provider is out of order: try again later", cause: err}
	}
	return &apiError{status: http.StatusInternalServerError, code: "server_error",
		text: "something went wrong on our side", cause: err}
}

// headers puts into an answer's header what its status demands, and the reason into the
// request's log record. It returns the status.
func (e *apiError) headers(r *http.Request, h http.Header) (status int) {
	cause := e.cause
	if cause == nil {
		cause = unquoted(e.text, e.quoted)
	}
	edge.Fail(r.Context(), e.code, cause)
	status = e.status
	if e.code == "invalid_client" && basicChallenged(r) {
		status = http.StatusUnauthorized
		h.Set("WWW-Authenticate", basicChallenge)
	}
	if e.challenge != "" {
		h.Set("WWW-Authenticate", e.challenge)
	}
	if e.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((e.retry+time.Second-1)/time.Second))) // RFC 9110 section 10.2.3
	}
	return status
}

// unquoted is what the caller was told, for the log: without what it repeats of what
// was sent, which might be a secret in the wrong place.
func unquoted(text, sent string) error {
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

func (e *apiError) body() errorBody { return errorBody{Code: e.code, Text: e.text} }

// write answers with the refusal.
func (e *apiError) write(w http.ResponseWriter, r *http.Request) {
	status := e.headers(r, w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e.body()) // the caller is gone: nobody to tell
}

// writeJSON answers with what went well; nil: there is nothing to say.
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	if v != nil {
		_ = json.NewEncoder(w).Encode(v) // the caller is gone: nobody to tell
	}
}

// FailAPI answers a problem that was found before any handler, at an endpoint that
// speaks JSON, so that a script may read it where scripts may read answers. False, and
// no answer, at any other path.
func (p *Provider) FailAPI(w http.ResponseWriter, r *http.Request, status int, text string) bool {
	e := invalidRequest("%s", text)
	switch e.status = status; {
	case status == http.StatusServiceUnavailable:
		e.code = "temporarily_unavailable"
	case status >= http.StatusInternalServerError:
		e.code = "server_error"
	}
	answer := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noStore(w)
		e.write(w, r)
	}))
	switch r.URL.Path {
	case PathToken, PathUserinfo, PathRevocation, PathJWKS, pathDiscovery, pathMetadata:
		answer = p.scripts.allow(answer)
	case pathWebFinger:
		answer = public(answer)
	case PathIntrospection:
	default:
		return false
	}
	answer.ServeHTTP(w, r)
	return true
}

// printable keeps foreign text within what error_description may hold (RFC 6749
// section 5.2), and short.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s[:min(len(s), 64)])
	return s
}
