package tokenendpoint

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/edge"
	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/storage/apps"
	"latchkey/storage/grants"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// refreshRequest is RFC 6749 section 6.
type refreshRequest struct {
	token   string
	scopes  []string
	targets apps.Targets
}

func (h *Handler) refreshGrant() grantType {
	return newGrantType(apps.GrantTypeRefresh, h.decodeRefresh, nil, h.refresh)
}

func (h *Handler) decodeRefresh(form url.Values) (refreshRequest, *oauth.Error) {
	if form.Get("refresh_token") == "" {
		return refreshRequest{}, oauth.InvalidRequest("refresh_token is missing")
	}
	return refreshRequest{token: form.Get("refresh_token"), scopes: strings.Fields(form.Get("scope")),
		targets: h.Tokens.Targets(form)}, nil
}

// refresh costs one commit and, with openid, one signature.
func (h *Handler) refresh(ctx context.Context, by *clientauth.Caller, q refreshRequest) (*oidc.AccessTokenResponse,
	*oauth.Error) {
	t, err := h.Tokens.OpenRefreshToken(ctx, q.token)
	if err != nil {
		if !tokens.IsRefusal(err) {
			return nil, oauth.Failed(err)
		}
		return nil, refusedRefresh(err.Error())
	}
	out, err := h.Grants.Refresh(ctx, grants.Refresh{Grant: t.Grant, Generation: t.Generation,
		ClientUID: by.Client.UID, Scopes: q.scopes, Targets: q.targets,
		Assertion: by.TakeAssertion(), RequestID: edge.RequestID(ctx)})
	switch {
	case err != nil:
		return nil, oauth.Failed(err)
	case out.Refused == apps.RefusedAssertion:
		return nil, clientauth.NotAuthenticated(out.Refused)
	case out.Scope != "":
		return nil, &oauth.Error{Status: http.StatusBadRequest, Code: "invalid_scope",
			Text:   "scope " + oauth.Printable(out.Scope) + " was not granted, or is not in force any more",
			Quoted: oauth.Printable(out.Scope)}
	case out.Target != "":
		return nil, tokens.InvalidTarget(out.Target)
	case out.Access == nil:
		h.Tokens.NoteRefused(ctx, t.Grant, out.Refused)
		return nil, refusedRefresh(out.Refused)
	}
	edge.Sub(ctx, out.Access.User.Subject())
	oauth.NoteDropped(ctx, out.Dropped, func(scope string) bool { return slices.Contains(out.Access.Client.Metadata.Scopes, scope) })
	return h.issue(ctx, tokens.Answer{Access: out.Access, Token: out.Token, Refresh: true, Generation: out.Generation})
}

// refreshTexts are what the client is told of a refresh token that is its own.
var refreshTexts = map[string]string{
	grants.RefusedTheft:      "the refresh token was used before and replaced by another, so all tokens of this sign-in are ended now: keep the newest refresh token only, and have the user sign in again",
	apps.DeadIdle.Error():    "the refresh token went unused too long: have the user sign in again",
	apps.DeadExpired.Error(): "the refresh token has expired: have the user sign in again",
}

func refusedRefresh(why string) *oauth.Error {
	return invalidGrant(why, cmp.Or(refreshTexts[why],
		"the refresh token is not valid: it is unknown, another client's, or ended, as by a sign-out or an older refresh token: have the user sign in again"))
}
