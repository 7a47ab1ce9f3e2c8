package userinfo

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/op/userclaims"
	"latchkey/storage/apps"
)

// userinfoHandler is the userinfo endpoint (OpenID Connect Core section 5.3).
type Handler struct {
	Tokens *tokens.Tokens
	Claims *userclaims.Catalogue
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	oauth.NoStore(w)
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		e := oauth.InvalidRequest("userinfo takes GET and POST")
		e.Status = http.StatusMethodNotAllowed
		e.Write(w, r)
		return
	}
	token, e := bearer(w, r)
	switch {
	case e != nil:
		e.Write(w, r)
		return
	case token == "":
		// RFC 6750 section 3.1: no credentials, no error code.
		edge.Fail(r.Context(), "no_token", nil)
		w.Header().Set("WWW-Authenticate", bearerRealm)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims, e := h.claimsOf(r.Context(), token)
	if e != nil {
		e.Write(w, r)
		return
	}
	oauth.WriteJSON(w, claims)
}

// claimsOf are the claims that an access token gives. They cost one read snapshot and no
// write.
func (h *Handler) claimsOf(ctx context.Context, token string) (map[string]any, *oauth.Error) {
	a, err := h.Tokens.Access(ctx, token)
	if err != nil {
		return nil, refusedToken(err)
	}
	edge.ClientID(ctx, a.Client.ID)
	edge.Sub(ctx, a.User.Subject())
	if !oauth.IsOIDC(a.Scopes) {
		return nil, insufficientScope()
	}
	ask, err := userclaims.Recorded(a.Grant.Claims)
	if err != nil {
		return nil, oauth.Failed(err)
	}
	names := a.Claims
	if also := h.Claims.AlsoAllowed(a, ask.Userinfo); len(also) > 0 {
		names = slices.Concat(also, names)
	}
	claims := userclaims.Of(a, names)
	claims["sub"] = a.User.Subject()
	return claims, nil
}

func refusedToken(err error) *oauth.Error {
	if !tokens.IsRefusal(err) {
		return oauth.Failed(err)
	}
	e := bearerError(http.StatusUnauthorized, "invalid_token", tokenText(err))
	e.Cause = err
	return e
}

// tokenText is for whoever holds the token: it tells nothing of the user.
func tokenText(err error) string {
	switch {
	case errors.Is(err, tokens.ErrOwnToken):
		return "the access token is a client's own, and there is no user to tell of"
	case errors.Is(err, tokens.ErrIDToken):
		return "this is an ID token, which is for the app itself: send the access token"
	case errors.Is(err, tokens.ErrAccessToken), errors.Is(err, keys.ErrToken):
		return "this is not an access token of this provider"
	case errors.Is(err, apps.DeadExpired):
		return "the access token has expired"
	}
	return "the access token is not valid any more: it was revoked, or what it was given for has ended"
}

func insufficientScope() *oauth.Error {
	e := bearerError(http.StatusForbidden, "insufficient_scope", "the access token has no openid scope")
	e.Challenge += `, scope="openid"`
	return e
}
