package op

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage/apps"
)

// UserInfo answers with the claims an access token gives (OpenID Connect Core
// section 5.3). It costs one read snapshot and no write.
func (s *server) UserInfo(ctx context.Context, r *zop.Request[oidc.UserInfoRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	a, err := s.p.access(ctx, r.Data.AccessToken)
	if err != nil {
		return c.refuse(refusedToken(err))
	}
	edge.ClientID(ctx, a.Client.ID)
	edge.Sub(ctx, a.User.Subject())
	if !isOIDC(a.Scopes) {
		return c.refuse(insufficientScope())
	}
	ask, err := recordedClaims(a.Grant.Claims)
	if err != nil {
		return c.refuse(failed(err))
	}
	names := a.Claims
	if also := s.p.alsoAllowed(a, ask.Userinfo); len(also) > 0 {
		names = slices.Concat(also, names)
	}
	claims := userClaimsOf(a, names)
	claims["sub"] = a.User.Subject()
	return zop.NewResponse(claims), nil
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
