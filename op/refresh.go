package op

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"latchkey/internal/edge"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// refreshRequest is RFC 6749 section 6.
type refreshRequest struct {
	token   string
	scopes  []string
	targets apps.Targets
}

func (h *tokenHandler) refreshGrant() grantType {
	return newGrantType(apps.GrantTypeRefresh, h.decodeRefresh, nil, h.refresh)
}

func (h *tokenHandler) decodeRefresh(form url.Values) (refreshRequest, *apiError) {
	if form.Get("refresh_token") == "" {
		return refreshRequest{}, invalidRequest("refresh_token is missing")
	}
	return refreshRequest{token: form.Get("refresh_token"), scopes: strings.Fields(form.Get("scope")),
		targets: h.tokens.targets(form)}, nil
}

// refresh costs one commit and, with openid, one signature.
func (h *tokenHandler) refresh(ctx context.Context, by *caller, q refreshRequest) (*oidc.AccessTokenResponse, *apiError) {
	t, err := h.tokens.ownRefreshToken(ctx, q.token)
	if err != nil {
		if !isRefusal(err) {
			return nil, failed(err)
		}
		return nil, refusedRefresh(err.Error())
	}
	out, err := h.grants.Refresh(ctx, grants.Refresh{Grant: t.Grant, Generation: t.Generation,
		ClientUID: by.client.UID, Scopes: q.scopes, Targets: q.targets,
		Assertion: by.takeAssertion(), RequestID: edge.RequestID(ctx)})
	switch {
	case err != nil:
		return nil, failed(err)
	case out.Refused == apps.RefusedAssertion:
		return nil, notAuthenticated(out.Refused)
	case out.Scope != "":
		return nil, &apiError{status: http.StatusBadRequest, code: "invalid_scope",
			text: "scope " + printable(out.Scope) + " was not granted, or is not in force any more", quoted: printable(out.Scope)}
	case out.Target != "":
		return nil, invalidTarget(out.Target)
	case out.Access == nil:
		h.tokens.tellOf(ctx, t.Grant, out.Refused)
		return nil, refusedRefresh(out.Refused)
	}
	edge.Sub(ctx, out.Access.User.Subject())
	noteDropped(ctx, out.Dropped, func(scope string) bool { return slices.Contains(out.Access.Client.Metadata.Scopes, scope) })
	return h.issue(ctx, issue{access: out.Access, token: out.Token, refresh: true, generation: out.Generation})
}

// refreshTexts are what the client is told of a refresh token that is its own.
var refreshTexts = map[string]string{
	grants.RefusedTheft:      "the refresh token was used before and replaced by another, so all tokens of this sign-in are ended now: keep the newest refresh token only, and have the user sign in again",
	apps.DeadIdle.Error():    "the refresh token went unused too long: have the user sign in again",
	apps.DeadExpired.Error(): "the refresh token has expired: have the user sign in again",
}

func refusedRefresh(why string) *apiError {
	return invalidGrant(why, cmp.Or(refreshTexts[why], "the refresh token is not valid: it is unknown, another client's, or ended, as by a sign-out or an older refresh token: have the user sign in again"))
}
