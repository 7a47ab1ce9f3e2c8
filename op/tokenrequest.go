package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// tokenHandler is the token endpoint (RFC 6749 section 3.2).
type tokenHandler struct {
	auth   *clientAuth
	tokens *tokens
	grants grants.Grants
	scopes apps.Scopes
	keys   *keys.Ring
	now    func() time.Time
	types  []grantType // those served
}

// A grantType is one way to get tokens.
type grantType struct {
	name string
	// serve answers a client that is authenticated and registered for the grant type.
	serve func(ctx context.Context, by *caller, form url.Values) (*oidc.AccessTokenResponse, *apiError)
}

// newGrantType makes a grant type of its steps: decode reads what a request presents, check
// finds what is wrong with it before anything is looked up (nil: nothing can be), and run
// makes the answer. run uses up the client's assertion in its own commit, if it makes one.
func newGrantType[Q any](name string, decode func(url.Values) (Q, *apiError), check func(Q) *apiError,
	run func(context.Context, *caller, Q) (*oidc.AccessTokenResponse, *apiError)) grantType {
	return grantType{name, func(ctx context.Context, by *caller, form url.Values) (*oidc.AccessTokenResponse, *apiError) {
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

func newTokenHandler(h tokenHandler) *tokenHandler {
	h.types = []grantType{h.codeGrant(), h.refreshGrant(), h.clientCredentialsGrant()}
	return &h
}

// ServeHTTP checks method, form, grant type and client, in this order.
func (h *tokenHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	if e := postOnly(w, r, "the token endpoint"); e != nil {
		e.write(w, r)
		return
	}
	out, e := h.answer(w, r)
	if e != nil {
		e.write(w, r)
		return
	}
	writeJSON(w, out)
}

func (h *tokenHandler) answer(w http.ResponseWriter, r *http.Request) (*oidc.AccessTokenResponse, *apiError) {
	form, e := postForm(w, r, tokenParameters)
	if e != nil {
		return nil, e
	}
	grant, e := h.grantType(form.Get("grant_type"))
	if e != nil {
		return nil, e
	}
	edge.Note(r.Context(), slog.String("grant_type", grant.name))
	by, e := h.auth.authenticate(r, form)
	if e != nil {
		return nil, e
	}
	out, e := h.run(r.Context(), grant, by, form)
	if e = h.auth.settle(r.Context(), by, e); e != nil {
		return nil, e
	}
	edge.Count(r.Context(), "token", grant.name)
	return out, nil
}

func (h *tokenHandler) grantType(name string) (grantType, *apiError) {
	if name == "" {
		return grantType{}, invalidRequest("grant_type is missing")
	}
	i := slices.IndexFunc(h.types, func(t grantType) bool { return t.name == name })
	if i < 0 {
		return grantType{}, &apiError{status: http.StatusBadRequest, code: "unsupported_grant_type",
			text: "grant_type must be authorization_code, refresh_token or client_credentials"}
	}
	return h.types[i], nil
}

func (h *tokenHandler) run(ctx context.Context, grant grantType, by *caller, form url.Values) (*oidc.AccessTokenResponse, *apiError) {
	if !slices.Contains(by.client.Metadata.GrantTypes, grant.name) {
		return nil, &apiError{status: http.StatusBadRequest, code: "unauthorized_client",
			text: "this client is not registered for grant_type " + grant.name}
	}
	return grant.serve(ctx, by, form)
}

// issue makes the answer that gives tokens of a grant.
func (h *tokenHandler) issue(ctx context.Context, i issue) (*oidc.AccessTokenResponse, *apiError) {
	out, err := h.tokens.issue(ctx, i)
	switch {
	case errors.Is(err, keys.ErrUnknownKey): // discarded as leaked since the grant was made
		return nil, invalidGrant("the key of the grant's refresh tokens is gone",
			"the key of this sign-in was discarded: have the user sign in again")
	case err != nil:
		return nil, failed(err)
	}
	return out, nil
}
