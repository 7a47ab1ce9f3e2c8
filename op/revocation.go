package op

import (
	"context"
	"net/http"
	"net/url"

	"latchkey/internal/edge"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// revocationHandler is RFC 7009's endpoint. It ends a token: a refresh token with its whole
// grant, an access token alone. A token that is unknown, or over, is no error (RFC 7009
// section 2.2). The hint is not needed: a token says itself what it is.
type revocationHandler struct {
	auth    *clientAuth
	tokens  *tokens
	clients apps.Clients
	grants  grants.Grants
}

func (h *revocationHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, e := readTokenCall(w, r)
	if e == nil {
		e = h.answer(r, form)
	}
	if e != nil {
		e.write(w, r)
		return
	}
	writeJSON(w, nil)
}

func (h *revocationHandler) answer(r *http.Request, form url.Values) *apiError {
	by, e := h.auth.authenticate(r, form)
	if e != nil {
		return e
	}
	if form.Get("token") == "" {
		return h.auth.settle(r.Context(), by, tokenMissing())
	}
	refused, err := h.revoke(r.Context(), by, form.Get("token"))
	unknown := err != nil && isRefusal(err) // nothing was ended; to the caller that is no error
	switch {
	case err != nil && !unknown:
		e = failed(err)
	case refused == grants.RefusedForeign:
		e = &apiError{status: http.StatusBadRequest, code: "unauthorized_client", text: refused}
	case refused != "":
		e = notAuthenticated(refused)
	}
	e = h.auth.settle(r.Context(), by, e)
	if e == nil && unknown {
		edge.Fail(r.Context(), "", err)
	}
	return e
}

// revoke ends a token of the client's; refused says why not, as storage does.
func (h *revocationHandler) revoke(ctx context.Context, by *caller, token string) (refused string, err error) {
	if t, err := h.tokens.ownRefreshToken(ctx, token); err == nil {
		return h.revokeGrant(ctx, by, t.Grant, nil)
	} else if !isRefusal(err) {
		return "", err
	}
	t, id, err := h.tokens.openToken(token)
	if err != nil {
		return "", err
	}
	if !t.grant.IsZero() {
		return h.revokeGrant(ctx, by, t.grant, id)
	}
	of, err := h.clients.OfToken(ctx, t.named(id))
	if err != nil {
		return "", err
	}
	if of.UID != by.client.UID {
		return grants.RefusedForeign, nil
	}
	fresh, err := h.clients.RevokeToken(ctx, t.named(id), by.takeAssertion())
	if err == nil && !fresh {
		refused = apps.RefusedAssertion
	}
	return refused, err
}

func (h *revocationHandler) revokeGrant(ctx context.Context, by *caller, grant storage.ID, token []byte) (refused string, err error) {
	actor := storage.Actor{Via: storage.ViaOP, RequestID: edge.RequestID(ctx)}
	return h.grants.Revoke(ctx, actor, grants.Revocation{Grant: grant, ClientUID: by.client.UID, Token: token, Assertion: by.takeAssertion()})
}
