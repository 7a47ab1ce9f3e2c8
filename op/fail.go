package op

import (
	"net/http"

	"latchkey/op/discovery"
	"latchkey/op/oauth"
)

// FailAPI answers a problem that was found before any handler, at an endpoint that
// speaks JSON, so that a script may read it where scripts may read answers. False, and
// no answer, at any other path.
func (p *Provider) FailAPI(w http.ResponseWriter, r *http.Request, status int, text string) bool {
	e := oauth.InvalidRequest("%s", text)
	switch e.Status = status; {
	case status == http.StatusServiceUnavailable:
		e.Code = "temporarily_unavailable"
	case status >= http.StatusInternalServerError:
		e.Code = "server_error"
	}
	answer := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		oauth.NoStore(w)
		e.Write(w, r)
	}))
	switch r.URL.Path {
	case oauth.PathToken, oauth.PathUserinfo, oauth.PathRevocation, oauth.PathJWKS, oauth.PathDiscovery,
		oauth.PathMetadata:
		answer = p.scripts.allow(answer)
	case discovery.PathWebFinger:
		answer = public(answer)
	case oauth.PathIntrospection:
	default:
		return false
	}
	answer.ServeHTTP(w, r)
	return true
}
