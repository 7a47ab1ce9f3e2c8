package introspection

import (
	"context"
	"net/http"
	"net/url"

	"latchkey/internal/edge"
	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// RevocationHandler is RFC 7009's endpoint. It ends a token: a refresh token with its whole
// grant, an access token alone. A token that is unknown, or over, is no error (RFC 7009
// section 2.2). The hint is not needed: a token says itself what it is.
type RevocationHandler struct {
	Auth    *clientauth.Authenticator
	Tokens  *tokens.Tokens
	Clients apps.Clients
	Grants  grants.Grants
}

func (h *RevocationHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, e := readTokenCall(w, r)
	if e == nil {
		e = h.answer(r, form)
	}
	if e != nil {
		e.Write(w, r)
		return
	}
	oauth.WriteJSON(w, nil)
}

func (h *RevocationHandler) answer(r *http.Request, form url.Values) *oauth.Error {
	by, e := h.Auth.Authenticate(r, form)
	if e != nil {
		return e
	}
	if form.Get("token") == "" {
		return h.Auth.Settle(r.Context(), by, tokenMissing())
	}
	refused, err := h.revoke(r.Context(), by, form.Get("token"))
	unknown := err != nil && tokens.IsRefusal(err) // nothing was ended; to the caller that is no error
	switch {
	case err != nil && !unknown:
		e = oauth.Failed(err)
	case refused == grants.RefusedForeign:
		e = &oauth.Error{Status: http.StatusBadRequest, Code: "unauthorized_client", Text: refused}
	case refused != "":
		e = clientauth.NotAuthenticated(refused)
	}
	e = h.Auth.Settle(r.Context(), by, e)
	if e == nil && unknown {
		edge.Fail(r.Context(), "", err)
	}
	return e
}

// revoke ends a token of the client's; refused says why not, as storage does.
func (h *RevocationHandler) revoke(ctx context.Context, by *clientauth.Caller, token string) (refused string,
	err error) {
	if t, err := h.Tokens.OpenRefreshToken(ctx, token); err == nil {
		return h.revokeGrant(ctx, by, t.Grant, nil)
	} else if !tokens.IsRefusal(err) {
		return "", err
	}
	t, id, err := h.Tokens.Open(token)
	if err != nil {
		return "", err
	}
	if !t.Grant.IsZero() {
		return h.revokeGrant(ctx, by, t.Grant, id)
	}
	of, err := h.Clients.OfToken(ctx, t.ClientToken(id))
	if err != nil {
		return "", err
	}
	if of.UID != by.Client.UID {
		return grants.RefusedForeign, nil
	}
	fresh, err := h.Clients.RevokeToken(ctx, t.ClientToken(id), by.TakeAssertion())
	if err == nil && !fresh {
		refused = apps.RefusedAssertion
	}
	return refused, err
}

func (h *RevocationHandler) revokeGrant(ctx context.Context, by *clientauth.Caller, grant storage.ID,
	token []byte) (refused string, err error) {
	actor := storage.Actor{Via: storage.ViaOP, RequestID: edge.RequestID(ctx)}
	return h.Grants.Revoke(ctx, actor, grants.Revocation{Grant: grant, ClientUID: by.Client.UID, Token: token,
		Assertion: by.TakeAssertion()})
}
