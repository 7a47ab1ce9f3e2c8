package frontchannel

import (
	"net/http"
	"net/url"

	"latchkey/internal/edge"
	"latchkey/op/oauth"
)

// queryMost bounds an authorization request in bytes, in the URL or in the body.
const queryMost = 16 << 10

// PageForm reads the parameters from the query, or from the body of a POST, never from
// both: the query of a POST holds none that the endpoint knows.
func PageForm(w http.ResponseWriter, r *http.Request, known []string) (url.Values, *Refusal) {
	if len(r.URL.RawQuery) > queryMost {
		return nil, Refuse(RefusedRequest, "the request is longer than %d bytes", queryMost)
	}
	if r.Method != http.MethodPost {
		form, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, Refuse(RefusedRequest, "the query cannot be read: %v", err).Quoting(err.Error())
		}
		return form, nil
	}
	if name := oauth.InQuery(r.URL, known); name != "" {
		return nil, Refuse(RefusedRequest, "%s belongs in the body of a POST, not in its URL", name)
	}
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return url.Values{}, nil // whoever sends nothing need not say what it is
	}
	if !edge.IsForm(r) {
		return nil, Refuse(RefusedRequest, "the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, queryMost)
	if err := r.ParseForm(); err != nil {
		return nil, Refuse(RefusedRequest, "the form cannot be read, or is longer than %d bytes", queryMost)
	}
	return r.PostForm, nil
}
