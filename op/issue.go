package op

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// issue is what one answer of the token endpoint gives of a grant.
type issue struct {
	access     *grants.Access
	token      *grants.Access // what of it the access token is for
	nonce      string         // for the ID token; a refreshed one has none (OpenID Connect Core section 12.2)
	refresh    bool           // a refresh token comes with it
	generation uint32         // that of the refresh token
}

// answer makes the answer. It costs one signature with openid, and one more if the
// client's access tokens are JWTs.
func (s *server) answer(ctx context.Context, i issue) (*zop.Response, error) {
	out, err := s.p.tokens(ctx, i)
	switch {
	case errors.Is(err, keys.ErrUnknownKey): // discarded as leaked since the grant was made
		return callOf(ctx).refuse(invalidGrant("the key of the grant's refresh tokens is gone",
			"the key of this sign-in was discarded: have the user sign in again"))
	case err != nil:
		return callOf(ctx).refuse(failed(err))
	}
	return zop.NewResponse(out), nil
}

func (p *Provider) tokens(ctx context.Context, i issue) (out *oidc.AccessTokenResponse, err error) {
	a := i.access
	out = &oidc.AccessTokenResponse{TokenType: oidc.BearerToken, Scope: oidc.SpaceDelimitedArray(i.token.Scopes)}
	life := accessLife(a.Client, a.Lifetimes)
	out.ExpiresIn = uint64(life.Seconds())
	t := accessToken{grant: a.Grant.ID, expires: p.now().Add(life), scopes: scopeMask(a.Grant.Scopes, i.token.Scopes)}
	if out.AccessToken, err = p.sealed(ctx, t, i.token); err != nil {
		return nil, err
	}
	if i.refresh {
		out.RefreshToken, err = p.keys.RefreshToken(a.Grant.RefreshKey, a.Grant.RefreshSecret, a.Grant.ID, i.generation)
		if err != nil {
			return nil, err
		}
	}
	if isOIDC(a.Scopes) { // plain OAuth: no ID token without openid
		out.IDToken, err = p.idToken(ctx, a, out.AccessToken, i.nonce)
	}
	return out, err
}

// allowRefresh gives a grant about to be written what its refresh tokens are made
// from, if the client is to get any: with offline_access ones that outlive the
// session, else, unless the client turned them off, ones that die with it.
func (p *Provider) allowRefresh(g *grants.Grant, c *apps.Client) {
	g.Offline = slices.Contains(g.Scopes, apps.ScopeOfflineAccess)
	if !slices.Contains(c.Metadata.GrantTypes, apps.GrantTypeRefresh) || !g.Offline && !c.Metadata.RefreshesOnline() {
		return
	}
	g.RefreshSecret, g.RefreshKey = keys.NewRefreshSecret(), p.keys.CurrentKey(keys.PurposeRefresh)
}

// mayRefresh reports whether the grant has refresh tokens and its client may still
// use them.
func mayRefresh(a *grants.Access) bool {
	return len(a.Grant.RefreshSecret) > 0 && slices.Contains(a.Client.Metadata.GrantTypes, apps.GrantTypeRefresh)
}

// RefreshToken is RFC 6749 section 6. It costs one commit and, with openid, one
// signature.
func (s *server) RefreshToken(ctx context.Context, r *zop.ClientRequest[oidc.RefreshTokenRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	t, err := s.p.ownRefreshToken(ctx, r.Data.RefreshToken)
	if err != nil {
		if !isRefusal(err) {
			return c.refuse(failed(err))
		}
		return c.refuse(refusedRefresh(err.Error()))
	}
	out, err := s.p.store.Grants.Refresh(ctx, grants.Refresh{Grant: t.Grant, Generation: t.Generation,
		ClientUID: c.client.UID, Scopes: strings.Fields(c.sent.Get("scope")),
		Targets: s.p.targets(c.sent), Assertion: c.take(), RequestID: edge.RequestID(ctx)})
	switch {
	case err != nil:
		return c.refuse(failed(err))
	case out.Refused == apps.RefusedAssertion:
		return c.refuse(notAuthenticated(out.Refused))
	case out.Scope != "":
		return c.refuse(&apiError{status: http.StatusBadRequest, code: "invalid_scope",
			text: "scope " + printable(out.Scope) + " was not granted, or is not in force any more", quoted: printable(out.Scope)})
	case out.Target != "":
		return c.refuse(invalidTarget(out.Target))
	case out.Access == nil:
		s.p.tellOf(ctx, t.Grant, out.Refused)
		return c.refuse(refusedRefresh(out.Refused))
	}
	edge.Sub(ctx, out.Access.User.Subject())
	noteDropped(ctx, out.Dropped, func(scope string) bool { return slices.Contains(out.Access.Client.Metadata.Scopes, scope) })
	return s.answer(ctx, issue{access: out.Access, token: out.Token, refresh: true, generation: out.Generation})
}

// ownRefreshToken returns a refresh token taken apart, once it is proven to be its
// grant's own.
func (p *Provider) ownRefreshToken(ctx context.Context, token string) (keys.RefreshToken, error) {
	t, err := keys.ParseRefreshToken(token)
	if err != nil {
		return t, err
	}
	facts, err := p.store.Grants.RefreshFacts(ctx, t.Grant)
	if err != nil {
		return t, err
	}
	if !p.keys.VerifyRefreshToken(t, facts.Key, facts.Secret) {
		return t, keys.ErrToken
	}
	return t, nil
}

// refreshTexts are codeTexts for refresh tokens.
var refreshTexts = map[string]string{
	grants.RefusedTheft:      "the refresh token was used before and replaced by another, so all tokens of this sign-in are ended now: keep the newest refresh token only, and have the user sign in again",
	apps.DeadIdle.Error():    "the refresh token went unused too long: have the user sign in again",
	apps.DeadExpired.Error(): "the refresh token has expired: have the user sign in again",
}

func refusedRefresh(why string) *apiError {
	return invalidGrant(why, cmp.Or(refreshTexts[why], "the refresh token is not valid: it is unknown, another client's, or ended, as by a sign-out or an older refresh token: have the user sign in again"))
}
