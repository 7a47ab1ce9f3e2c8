package op

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/edge"
	"latchkey/storage/apps"
)

// bodyMost bounds a token or userinfo request's body in bytes: a client assertion and a
// token of 4 KiB each fit well.
const bodyMost = 16 << 10

// serveToken is the token endpoint (RFC 6749 section 3.2). Everything that can be
// wrong with a request is found here, before the framework: it would take secrets
// in the URL, other methods and parameters sent twice, and authenticate clients in
// its own way.
func (p *Provider) serveToken(framework http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		noStore(w)
		if e := postOnly(w, r, "the token endpoint"); e != nil {
			e.write(w, r)
			return
		}
		c, e := p.readTokenRequest(w, r)
		if e != nil {
			e.write(w, r)
			return
		}
		pass(framework, w, r, PathToken, tokenForm(c), c)
		if c.refused == nil {
			edge.Count(r.Context(), "token", c.sent.Get("grant_type")) // one of those we know
		}
	}
}

// readTokenRequest checks form, grant type and client, in this order.
func (p *Provider) readTokenRequest(w http.ResponseWriter, r *http.Request) (*call, *apiError) {
	form, e := postForm(w, r, tokenParameters)
	if e != nil {
		return nil, e
	}
	grantType := form.Get("grant_type")
	needs, served := grantTypes[grantType]
	switch {
	case grantType == "":
		return nil, invalidRequest("grant_type is missing")
	case !served:
		return nil, &apiError{status: http.StatusBadRequest, code: "unsupported_grant_type",
			text: "grant_type must be authorization_code, refresh_token or client_credentials"}
	}
	edge.Note(r.Context(), slog.String("grant_type", grantType)) // one of those we know
	c, e := p.authenticate(r, form)
	if e != nil {
		return nil, e
	}
	switch {
	case !slices.Contains(c.client.Metadata.GrantTypes, grantType):
		e = &apiError{status: http.StatusBadRequest, code: "unauthorized_client",
			text: "this client is not registered for grant_type " + grantType}
	case needs != "" && form.Get(needs) == "":
		e = invalidRequest("%s is missing", needs)
	case needs != "":
		return c, nil // whatever is presented is used in a commit, and the assertion in the same
	}
	return c, c.settled(e)
}

// grantTypes are those served, and the parameter that each cannot do without: what it
// presents.
var grantTypes = map[string]string{
	apps.GrantTypeCode:              "code",
	apps.GrantTypeRefresh:           "refresh_token",
	apps.GrantTypeClientCredentials: "",
}

// tokenForm is what the framework decodes of a token request: what its methods use.
func tokenForm(c *call) url.Values {
	form := url.Values{"grant_type": {c.sent.Get("grant_type")}}
	switch c.sent.Get("grant_type") {
	case apps.GrantTypeCode:
		form["code"], form["code_verifier"] = c.sent["code"], c.sent["code_verifier"]
		// The framework insists on one, which plain OAuth lets a client leave out (RFC
		// 6749 section 4.1.3): CodeExchange looks at what was sent.
		form["redirect_uri"] = []string{cmp.Or(c.sent.Get("redirect_uri"), "not sent")}
	case apps.GrantTypeRefresh:
		form["refresh_token"] = c.sent["refresh_token"]
	}
	return form
}

// postForm parses a body of parameters, of which those known are sent once, and not in
// the URL, which ends up in logs.
func postForm(w http.ResponseWriter, r *http.Request, known []string) (url.Values, *apiError) {
	if name := inQuery(r.URL, known); name != "" {
		return nil, invalidRequest("%s belongs in the body, not in the URL", name)
	}
	if !edge.IsForm(r) {
		return nil, invalidRequest("the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
	if err := r.ParseForm(); err != nil {
		return nil, invalidRequest("the form cannot be read, or is longer than 16 KiB")
	}
	if name := sentTwice(r.PostForm, known); name != "" {
		return nil, invalidRequest("%s was sent more than once", name)
	}
	return r.PostForm, nil
}
