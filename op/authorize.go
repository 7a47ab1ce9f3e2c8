package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/edge"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// queryMost bounds an authorization request in bytes, in the URL or in the body.
const queryMost = 16 << 10

// serveAuthorize is the authorization endpoint (OpenID Connect Core section 3.1.2).
func (p *Provider) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	form, bad := pageForm(w, r, authorizeParameters)
	if bad != nil {
		p.refuse(w, r, nil, bad)
		return
	}
	client, redirect, bad := p.whoAsks(r.Context(), form)
	if bad != nil {
		p.refuse(w, r, client, bad)
		return
	}
	all, err := p.store.Scopes.Catalogue(r.Context())
	if err != nil {
		p.refuse(w, r, client, p.internal(r.Context(), err))
		return
	}
	q, fault := p.parse(all, client, redirect, form)
	dropped := slices.DeleteFunc(strings.Fields(form.Get("scope")), func(s string) bool { return slices.Contains(q.Scopes, s) })
	if fault == nil {
		noteDropped(r.Context(), dropped, func(s string) bool { return all.Offer(s) != nil })
	}
	if fault != nil {
		p.answerFault(w, r, client, q, fault)
		return
	}
	p.begin(w, r, client, q)
}

// pageForm reads the parameters from the query, or from the body of a POST, never from
// both: the query of a POST holds none that the endpoint knows.
func pageForm(w http.ResponseWriter, r *http.Request, known []string) (url.Values, *Refusal) {
	if len(r.URL.RawQuery) > queryMost {
		return nil, refuse(RefusedRequest, "the request is longer than %d bytes", queryMost)
	}
	if r.Method != http.MethodPost {
		form, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, refuse(RefusedRequest, "the query cannot be read: %v", err).quoting(err.Error())
		}
		return form, nil
	}
	if name := inQuery(r.URL, known); name != "" {
		return nil, refuse(RefusedRequest, "%s belongs in the body of a POST, not in its URL", name)
	}
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return url.Values{}, nil // whoever sends nothing need not say what it is
	}
	if !edge.IsForm(r) {
		return nil, refuse(RefusedRequest, "the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, queryMost)
	if err := r.ParseForm(); err != nil {
		return nil, refuse(RefusedRequest, "the form cannot be read, or is longer than %d bytes", queryMost)
	}
	return r.PostForm, nil
}

// whoAsks settles the client and where answers to it may go. Until both are good
// nothing is sent anywhere (RFC 6749 section 4.1.2.1).
func (p *Provider) whoAsks(ctx context.Context, form url.Values) (*apps.Client, string, *Refusal) {
	if len(form["client_id"]) > 1 {
		return nil, "", refuse(RefusedClient, "client_id was sent more than once")
	}
	if form.Get("client_id") == "" {
		return nil, "", refuse(RefusedClient, "client_id is missing")
	}
	client, err := p.store.Clients.Get(ctx, form.Get("client_id"))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, "", refuse(RefusedClient, "no client has this client_id")
	}
	if err != nil {
		return nil, "", p.internal(ctx, err)
	}
	edge.ClientID(ctx, client.ID)
	redirect, bad := redirectURI(client, form)
	if bad == nil && !client.Live() {
		bad = refuse(RefusedUnavailable, "the client's state is %s", client.State)
	}
	return client, redirect, bad
}

func (p *Provider) internal(ctx context.Context, err error) *Refusal {
	edge.Fail(ctx, "server_error", err)
	if storage.Stopped(err) {
		return refuse(RefusedStopped, "the provider is out of order")
	}
	return refuse(RefusedInternal, "something went wrong on our side")
}

// begin evaluates a new request, or has it come back by GET. A cross-site POST
// carries no Lax cookies: a signed-in user would look signed out, and a browser that
// has a name would be given another, which would end the flows in its other tabs. So
// a POST is never evaluated: the request goes into the address, sealed, where it can
// do no more than the authorization request it was.
func (p *Provider) begin(w http.ResponseWriter, r *http.Request, client *apps.Client, q *Request) {
	f := &flow{Request: *q}
	switch {
	case !f.fits():
		p.answerFault(w, r, client, q, faulty("invalid_request", "the request is too large"))
	case r.Method == http.MethodPost:
		see(w, PathFlow+"?request="+p.seal(bindingPosted, f))
	default:
		p.advance(w, r, p.store.Grants.NewID(), f, true)
	}
}

// servePosted goes on with a request that came by POST.
func (p *Provider) servePosted(w http.ResponseWriter, r *http.Request) {
	f, err := p.open(bindingPosted, r.URL.Query().Get("request"))
	if err != nil {
		p.refuse(w, r, nil, expired())
		return
	}
	if bad := p.inTime(r.Context(), f); bad != nil {
		p.refuse(w, r, nil, bad)
		return
	}
	p.advance(w, r, p.store.Grants.NewID(), f, true)
}
