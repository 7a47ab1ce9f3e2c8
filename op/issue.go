package op

import (
	"context"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage"
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

// issue makes the tokens of an answer. It costs one signature with openid, and one more if
// the client's access tokens are JWTs.
func (s *tokens) issue(ctx context.Context, i issue) (out *oidc.AccessTokenResponse, err error) {
	a := i.access
	out = &oidc.AccessTokenResponse{TokenType: oidc.BearerToken, Scope: oidc.SpaceDelimitedArray(i.token.Scopes)}
	life := accessLife(a.Client, a.Lifetimes)
	out.ExpiresIn = uint64(life.Seconds())
	t := accessToken{grant: a.Grant.ID, expires: s.now().Add(life), scopes: scopeMask(a.Grant.Scopes, i.token.Scopes)}
	if out.AccessToken, err = s.sealed(ctx, t, i.token); err != nil {
		return nil, err
	}
	if i.refresh {
		out.RefreshToken, err = s.keys.RefreshToken(a.Grant.RefreshKey, a.Grant.RefreshSecret, a.Grant.ID, i.generation)
		if err != nil {
			return nil, err
		}
	}
	if isOIDC(a.Scopes) { // plain OAuth: no ID token without openid
		out.IDToken, err = s.idToken(ctx, a, out.AccessToken, i.nonce)
	}
	return out, err
}

// allowRefresh gives a grant about to be written what its refresh tokens are made
// from, if the client is to get any: with offline_access ones that outlive the
// session, else, unless the client turned them off, ones that die with it.
func (s *tokens) allowRefresh(g *grants.Grant, c *apps.Client) {
	g.Offline = slices.Contains(g.Scopes, apps.ScopeOfflineAccess)
	if !slices.Contains(c.Metadata.GrantTypes, apps.GrantTypeRefresh) || !g.Offline && !c.Metadata.RefreshesOnline() {
		return
	}
	g.RefreshSecret, g.RefreshKey = keys.NewRefreshSecret(), s.keys.CurrentKey(keys.PurposeRefresh)
}

// mayRefresh reports whether the grant has refresh tokens and its client may still
// use them.
func mayRefresh(a *grants.Access) bool {
	return len(a.Grant.RefreshSecret) > 0 && slices.Contains(a.Client.Metadata.GrantTypes, apps.GrantTypeRefresh)
}

// ownRefreshToken returns a refresh token taken apart, once it is proven to be its
// grant's own.
func (s *tokens) ownRefreshToken(ctx context.Context, token string) (keys.RefreshToken, error) {
	t, err := keys.ParseRefreshToken(token)
	if err != nil {
		return t, err
	}
	facts, err := s.grants.RefreshFacts(ctx, t.Grant)
	if err != nil {
		return t, err
	}
	if !s.keys.VerifyRefreshToken(t, facts.Key, facts.Secret) {
		return t, keys.ErrToken
	}
	return t, nil
}

// tellOf puts into the log record whom a token or code was about that is refused, and
// makes it a warning if it was used again: somebody may have stolen it.
func (s *tokens) tellOf(ctx context.Context, grant storage.ID, why string) {
	if why == grants.RefusedMismatch {
		return
	}
	if why == grants.RefusedTheft || why == grants.RefusedReplay || why == grants.RefusedUsedNoVerifier {
		edge.Warn(ctx)
	}
	if user, client, err := s.grants.Whose(ctx, grant); err == nil {
		edge.ClientID(ctx, client)
		edge.Sub(ctx, user.String())
	}
}
