package op

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/edge"
	"latchkey/storage/apps"
)

// see sends the browser on by GET (RFC 9110 section 15.4.4), whatever the method of
// this request: a form is never sent twice, nor to another origin (RFC 9700 section
// 4.12).
func see(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Location", to)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}

// answer sends an authorization response to the client, by a redirect or by a form.
// code comes first: apps have been seen that take the first parameter. iss comes in
// every response (RFC 9207).
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, c *apps.Client, q *Request, params [][2]string) {
	if q.State != "" {
		params = append(params, [2]string{"state", q.State})
	}
	params = append(params, [2]string{"iss", p.issuer})
	if q.ResponseMode == modeFormPost {
		p.pages.Post(w, r, Post{Client: c.Name(), URI: q.RedirectURI, Params: params})
		return
	}
	see(w, responseURI(q.RedirectURI, q.ResponseMode, params))
}

// responseURI adds parameters to a redirect URI, whose own bytes stay as they are
// (RFC 6749 section 3.1.2).
func responseURI(uri, mode string, params [][2]string) string {
	var b strings.Builder
	b.WriteString(uri)
	separator := "?"
	if mode == modeFragment {
		separator = "#"
	} else if strings.Contains(uri, "?") {
		separator = "&"
	}
	for _, p := range params {
		b.WriteString(separator)
		b.WriteString(url.QueryEscape(p[0]) + "=" + url.QueryEscape(p[1]))
		separator = "&"
	}
	return b.String()
}

// answerFault tells the client what was wrong, if it can be told. The request errors of a
// public client are shown as a page instead: anybody may send people to the
// redirect URI of such a client, and the page says what happened before the
// browser leaves (RFC 9700 section 4.11.2).
func (p *Provider) answerFault(w http.ResponseWriter, r *http.Request, c *apps.Client, q *Request, f *fault) {
	edge.Fail(r.Context(), f.code, unquoted(f.text, f.quoted))
	if f.untold || !c.Confidential() && !q.asks("none") && f.code != "access_denied" {
		bad := refuse(RefusedRequest, "%s", f.text)
		bad.Code = f.code
		p.refuse(w, r, c, bad)
		return
	}
	p.answer(w, r, c, q, [][2]string{{"error", f.code}, {"error_description", f.text}})
}

// refuse ends a request on a page of ours.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, c *apps.Client, bad *Refusal) {
	out := *bad
	if c != nil {
		out.Client, out.Home = c.Name(), c.Metadata.ClientURI
		out.Suspended = c.State == apps.ClientSuspended
	}
	switch {
	case out.Code != "" || out.Kind == RefusedInternal || out.Kind == RefusedStopped: // the log knows why
	case out.Kind == RefusedRequest:
		out.Code = "invalid_request"
		edge.Fail(r.Context(), out.Code, unquoted(out.Detail, out.quoted))
	default:
		edge.Fail(r.Context(), string(out.Kind), unquoted(out.Detail, out.quoted))
	}
	p.pages.Refuse(w, r, out)
}
