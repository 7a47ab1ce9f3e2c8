package authorize

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/internal/edge"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/policy"
)

// authorizePages are the pages that authorize needs.
type Pages interface {
	Refuse(w http.ResponseWriter, r *http.Request, why frontchannel.Refusal)
	// Post has the browser send an answer to the app.
	Post(w http.ResponseWriter, r *http.Request, answer frontchannel.Post)
}

// authorizeSessions tells which sessions a browser carries, the one used last first. They
// need not be alive.
type authorizeSessions interface {
	Of(r *http.Request) []storage.ID
}

// authorizeHandler is the authorization endpoint (OpenID Connect Core section 3.1.2), and
// evaluates its flows. Each of its steps comes to an outcome; write alone answers.
type Handler struct {
	Issuer   string
	Clients  apps.Clients
	Scopes   apps.Scopes
	Settings policy.SettingsStore
	Grants   grants.Grants
	Tokens   *tokens.Tokens
	Claims   *userclaims.Catalogue
	Browsers frontchannel.Browsers
	Sealer   frontchannel.Sealer
	Pages    Pages
	Sessions authorizeSessions
	Now      func() time.Time
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.write(w, r, h.authorize(w, r))
}

// authorize reads a request and evaluates it, or has it come back by GET. A cross-site POST
// carries no Lax cookies: a signed-in user would look signed out, and a browser that
// has a name would be given another, which would end the flows in its other tabs. So
// a POST is never evaluated: the request goes into the address, sealed, where it can
// do no more than the authorization request it was.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request) outcome {
	form, bad := frontchannel.PageForm(w, r, oauth.AuthorizeParameters)
	if bad != nil {
		return outcome{page: bad}
	}
	client, redirect, bad := h.whoAsks(r.Context(), form)
	if bad != nil {
		return outcome{client: client, page: bad}
	}
	q, fault, err := h.read(r.Context(), client, redirect, form)
	f := &flow{Request: *q}
	switch {
	case err != nil:
		return outcome{client: client, page: frontchannel.Internal(err)}
	case fault == nil && !f.fits():
		fault = faulty("invalid_request", "the request is too large")
	}
	switch {
	case fault != nil:
		return outcome{client: client, request: q, fault: fault}
	case r.Method == http.MethodPost:
		return outcome{next: PathFlow + "?request=" + h.Sealer.Seal(bindingPosted, f)}
	}
	return h.advance(r, h.Grants.NewID(), f, true)
}

// read resolves the request. What it returns beside a fault is good for telling the client
// of it.
func (h *Handler) read(ctx context.Context, client *apps.Client, redirect string, form url.Values) (*Request,
	*fault, error) {
	all, err := h.Scopes.Catalogue(ctx)
	if err != nil {
		return &Request{}, nil, err
	}
	q, fault := h.parse(all, client, redirect, form)
	if fault == nil {
		dropped := slices.DeleteFunc(strings.Fields(form.Get("scope")),
			func(s string) bool { return slices.Contains(q.Scopes, s) })
		oauth.NoteDropped(ctx, dropped, func(s string) bool { return all.Offer(s) != nil })
	}
	return q, fault, nil
}

// whoAsks settles the client and where answers to it may go. Until both are good
// nothing is sent anywhere (RFC 6749 section 4.1.2.1).
func (h *Handler) whoAsks(ctx context.Context, form url.Values) (*apps.Client, string, *frontchannel.Refusal) {
	if len(form["client_id"]) > 1 {
		return nil, "", frontchannel.Refuse(frontchannel.RefusedRequest, "client_id was sent more than once")
	}
	if form.Get("client_id") == "" {
		return nil, "", frontchannel.Refuse(frontchannel.RefusedRequest, "client_id is missing")
	}
	client, err := h.Clients.Get(ctx, form.Get("client_id"))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, "", frontchannel.Refuse(frontchannel.RefusedClient, "no client has this client_id")
	}
	if err != nil {
		return nil, "", frontchannel.Internal(err)
	}
	edge.ClientID(ctx, client.ID)
	redirect, bad := redirectURI(client, form)
	if bad == nil && !client.Live() {
		bad = frontchannel.Refuse(frontchannel.RefusedUnavailable, "the client's state is %s", client.State)
	}
	return client, redirect, bad
}

// ServePosted goes on with a request that came by POST.
func (h *Handler) ServePosted(w http.ResponseWriter, r *http.Request) {
	h.write(w, r, h.posted(r))
}

func (h *Handler) posted(r *http.Request) outcome {
	f, err := h.open(bindingPosted, r.URL.Query().Get("request"))
	if err != nil {
		return outcome{page: frontchannel.Expired()}
	}
	if bad := h.inTime(r.Context(), f); bad != nil {
		return outcome{page: bad}
	}
	return h.advance(r, h.Grants.NewID(), f, true)
}
