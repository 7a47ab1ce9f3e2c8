package tokenendpoint

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/storage/apps"
	"latchkey/storage/grants"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// tokenHandler is the token endpoint (RFC 6749 section 3.2).
type Handler struct {
	Auth   *clientauth.Authenticator
	Tokens *tokens.Tokens
	Grants grants.Grants
	Scopes apps.Scopes
	Keys   *keys.Ring
	Now    func() time.Time
	types  []grantType // those served
}

// A grantType is one way to get tokens.
type grantType struct {
	name string
	// serve answers a client that is authenticated and registered for the grant type.
	serve func(ctx context.Context, by *clientauth.Caller, form url.Values) (*oidc.AccessTokenResponse, *oauth.Error)
}

// newGrantType makes a grant type of its steps: decode reads what a request presents, check
// finds what is wrong with it before anything is looked up (nil: nothing can be), and run
// makes the answer. run uses up the client's assertion in its own commit, if it makes one.
func newGrantType[Q any](name string, decode func(url.Values) (Q, *oauth.Error), check func(Q) *oauth.Error,
	run func(context.Context, *clientauth.Caller, Q) (*oidc.AccessTokenResponse, *oauth.Error)) grantType {
	return grantType{name, func(ctx context.Context, by *clientauth.Caller,
		form url.Values) (*oidc.AccessTokenResponse, *oauth.Error) {
		q, e := decode(form)
		if e == nil && check != nil {
			e = check(q)
		}
		if e != nil {
			return nil, e
		}
		return run(ctx, by, q)
	}}
}

func New(h Handler) *Handler {
	h.types = []grantType{h.codeGrant(), h.refreshGrant(), h.clientCredentialsGrant()}
	return &h
}

// ServeHTTP checks method, form, grant type and client, in this order.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	oauth.NoStore(w)
	if e := oauth.PostOnly(w, r, "the token endpoint"); e != nil {
		e.Write(w, r)
		return
	}
	out, e := h.answer(w, r)
	if e != nil {
		e.Write(w, r)
		return
	}
	oauth.WriteJSON(w, out)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request) (*oidc.AccessTokenResponse, *oauth.Error) {
	form, e := oauth.PostForm(w, r, oauth.TokenParameters)
	if e != nil {
		return nil, e
	}
	grant, e := h.grantType(form.Get("grant_type"))
	if e != nil {
		return nil, e
	}
	edge.Note(r.Context(), slog.String("grant_type", grant.name))
	by, e := h.Auth.Authenticate(r, form)
	if e != nil {
		return nil, e
	}
	out, e := h.run(r.Context(), grant, by, form)
	if e = h.Auth.Settle(r.Context(), by, e); e != nil {
		return nil, e
	}
	edge.Count(r.Context(), "token", grant.name)
	return out, nil
}

func (h *Handler) grantType(name string) (grantType, *oauth.Error) {
	if name == "" {
		return grantType{}, oauth.InvalidRequest("grant_type is missing")
	}
	i := slices.IndexFunc(h.types, func(t grantType) bool { return t.name == name })
	if i < 0 {
		return grantType{}, &oauth.Error{Status: http.StatusBadRequest, Code: "unsupported_grant_type",
			Text: "grant_type must be authorization_code, refresh_token or client_credentials"}
	}
	return h.types[i], nil
}

func (h *Handler) run(ctx context.Context, grant grantType, by *clientauth.Caller,
	form url.Values) (*oidc.AccessTokenResponse, *oauth.Error) {
	if !slices.Contains(by.Client.Metadata.GrantTypes, grant.name) {
		return nil, &oauth.Error{Status: http.StatusBadRequest, Code: "unauthorized_client",
			Text: "this client is not registered for grant_type " + grant.name}
	}
	return grant.serve(ctx, by, form)
}

// issue makes the answer that gives tokens of a grant.
func (h *Handler) issue(ctx context.Context, i tokens.Answer) (*oidc.AccessTokenResponse, *oauth.Error) {
	out, err := h.Tokens.Issue(ctx, i)
	switch {
	case errors.Is(err, keys.ErrUnknownKey): // discarded as leaked since the grant was made
		return nil, invalidGrant("the key of the grant's refresh tokens is gone",
			"the key of this sign-in was discarded: have the user sign in again")
	case err != nil:
		return nil, oauth.Failed(err)
	}
	return out, nil
}
