package tokens

import (
	"context"
	"slices"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// issue is what one answer of the token endpoint gives of a grant.
type Answer struct {
	Access     *grants.Access
	Token      *grants.Access // what of it the access token is for
	Nonce      string         // for the ID token; a refreshed one has none (OpenID Connect Core section 12.2)
	Refresh    bool           // a refresh token comes with it
	Generation uint32         // that of the refresh token
}

// Issue makes the tokens of an answer. It costs one signature with openid, and one more if
// the client's access tokens are JWTs.
func (s *Tokens) Issue(ctx context.Context, i Answer) (out *oidc.AccessTokenResponse, err error) {
	a := i.Access
	out = &oidc.AccessTokenResponse{TokenType: oidc.BearerToken, Scope: oidc.SpaceDelimitedArray(i.Token.Scopes)}
	life := AccessLife(a.Client, a.Lifetimes)
	out.ExpiresIn = uint64(life.Seconds())
	t := AccessToken{Grant: a.Grant.ID, Expires: s.Now().Add(life), scopes: scopeMask(a.Grant.Scopes, i.Token.Scopes)}
	if out.AccessToken, err = s.sealed(ctx, t, i.Token); err != nil {
		return nil, err
	}
	if i.Refresh {
		out.RefreshToken, err = s.Keys.RefreshToken(a.Grant.RefreshKey, a.Grant.RefreshSecret, a.Grant.ID, i.Generation)
		if err != nil {
			return nil, err
		}
	}
	if oauth.IsOIDC(a.Scopes) { // plain OAuth: no ID token without openid
		out.IDToken, err = s.idToken(ctx, a, out.AccessToken, i.Nonce)
	}
	return out, err
}

// AllowRefresh gives a grant about to be written what its refresh tokens are made
// from, if the client is to get any: with offline_access ones that outlive the
// session, else, unless the client turned them off, ones that die with it.
func (s *Tokens) AllowRefresh(g *grants.Grant, c *apps.Client) {
	g.Offline = slices.Contains(g.Scopes, apps.ScopeOfflineAccess)
	if !slices.Contains(c.Metadata.GrantTypes, apps.GrantTypeRefresh) || !g.Offline && !c.Metadata.RefreshesOnline() {
		return
	}
	g.RefreshSecret, g.RefreshKey = keys.NewRefreshSecret(), s.Keys.CurrentKey(keys.PurposeRefresh)
}

// MayRefresh reports whether the grant has refresh tokens and its client may still
// use them.
func MayRefresh(a *grants.Access) bool {
	return len(a.Grant.RefreshSecret) > 0 && slices.Contains(a.Client.Metadata.GrantTypes, apps.GrantTypeRefresh)
}

// ownRefreshToken returns a refresh token taken apart, once it is proven to be its
// grant's own.
func (s *Tokens) OpenRefreshToken(ctx context.Context, token string) (keys.RefreshToken, error) {
	t, err := keys.ParseRefreshToken(token)
	if err != nil {
		return t, err
	}
	facts, err := s.Grants.RefreshFacts(ctx, t.Grant)
	if err != nil {
		return t, err
	}
	if !s.Keys.VerifyRefreshToken(t, facts.Key, facts.Secret) {
		return t, keys.ErrToken
	}
	return t, nil
}

// tellOf puts into the log record whom a token or code was about that is refused, and
// makes it a warning if it was used again: somebody may have stolen it.
func (s *Tokens) NoteRefused(ctx context.Context, grant storage.ID, why string) {
	if why == grants.RefusedMismatch {
		return
	}
	if why == grants.RefusedTheft || why == grants.RefusedReplay || why == grants.RefusedUsedNoVerifier {
		edge.Warn(ctx)
	}
	if user, client, err := s.Grants.Whose(ctx, grant); err == nil {
		edge.ClientID(ctx, client)
		edge.Sub(ctx, user.String())
	}
}
