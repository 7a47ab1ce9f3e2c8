package op

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage/apps"
)

// userinfoHandler is the userinfo endpoint (OpenID Connect Core section 5.3).
type userinfoHandler struct {
	tokens *tokens
	claims *scopeClaims
}

func (h *userinfoHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		e := invalidRequest("userinfo takes GET and POST")
		e.status = http.StatusMethodNotAllowed
		e.write(w, r)
		return
	}
	token, e := bearer(w, r)
	switch {
	case e != nil:
		e.write(w, r)
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
		e.write(w, r)
		return
	}
	writeJSON(w, claims)
}

// claimsOf are the claims that an access token gives. They cost one read snapshot and no
// write.
func (h *userinfoHandler) claimsOf(ctx context.Context, token string) (map[string]any, *apiError) {
	a, err := h.tokens.access(ctx, token)
	if err != nil {
		return nil, refusedToken(err)
	}
	edge.ClientID(ctx, a.Client.ID)
	edge.Sub(ctx, a.User.Subject())
	if !isOIDC(a.Scopes) {
		return nil, insufficientScope()
	}
	ask, err := recordedClaims(a.Grant.Claims)
	if err != nil {
		return nil, failed(err)
	}
	names := a.Claims
	if also := h.claims.alsoAllowed(a, ask.Userinfo); len(also) > 0 {
		names = slices.Concat(also, names)
	}
	claims := userClaimsOf(a, names)
	claims["sub"] = a.User.Subject()
	return claims, nil
}

func refusedToken(err error) *apiError {
	if !isRefusal(err) {
		return failed(err)
	}
	e := bearerError(http.StatusUnauthorized, "invalid_token", tokenText(err))
	e.cause = err
	return e
}

// tokenText is for whoever holds the token: it tells nothing of the user.
func tokenText(err error) string {
	switch {
	case errors.Is(err, errOwnToken):
		return "the access token is a client's own, and there is no user to tell of"
	case errors.Is(err, errIDToken):
		return "this is an ID token, which is for the app itself: send the access token"
	case errors.Is(err, errAccessToken), errors.Is(err, keys.ErrToken):
		return "this is not an access token of this provider"
	case errors.Is(err, apps.DeadExpired):
		return "the access token has expired"
	}
	return "the access token is not valid any more: it was revoked, or what it was given for has ended"
}

func insufficientScope() *apiError {
	e := bearerError(http.StatusForbidden, "insufficient_scope", "the access token has no openid scope")
	e.challenge += `, scope="openid"`
	return e
}
