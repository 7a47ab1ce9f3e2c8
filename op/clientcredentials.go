package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/keys"
	"latchkey/storage/apps"
)

// ClientCredentialsExchange is RFC 6749 section 4.4: a token of the client's own,
// which stands for no user. It costs no commit; a signature only for a JWT.
func (s *server) ClientCredentialsExchange(ctx context.Context, _ *zop.ClientRequest[oidc.ClientCredentialsRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	terms, err := s.p.store.Scopes.Terms(ctx)
	if err != nil {
		return c.refuse(failed(err))
	}
	own, bad := ownScopes(terms.Catalogue, c.client, strings.Fields(c.sent.Get("scope")))
	if bad != "" {
		return c.refuse(&apiError{status: http.StatusBadRequest, code: "invalid_scope",
			text: "scope " + printable(bad) + " is not one that this client may have for itself", quoted: printable(bad)})
	}
	if own, bad = own.To(s.p.targets(c.sent)); bad != "" {
		return c.refuse(invalidTarget(bad))
	}
	life := accessLife(c.client, c.client.Lifetimes(terms.Settings.Lifetimes))
	scopes := own.Names()
	t := accessToken{client: c.client.ID, epoch: uint32(c.client.Epoch), own: scopes, expires: s.p.now().Add(life)}
	var token string
	if c.client.Metadata.AccessTokenFormat != apps.AccessTokenJWT {
		token, err = s.p.keys.SealAccessToken(t.bytes())
	} else {
		// A client's own token has the client as subject, which no user ever is
		// (RFC 9068 section 5).
		token, err = s.p.jwt(ctx, c.client, s.p.algorithm(c.client, terms.Settings.DefaultSigningAlgorithm), t, s.p.audience(own),
			map[string]any{"sub": c.client.ID, "scope": strings.Join(scopes, " ")})
	}
	switch {
	case errors.Is(err, keys.ErrTokenSize):
		return c.refuse(&apiError{status: http.StatusBadRequest, code: "invalid_scope", text: "ask for fewer scopes at once", cause: err})
	case err != nil:
		return c.refuse(failed(err))
	}
	return zop.NewResponse(&oidc.AccessTokenResponse{AccessToken: token, TokenType: oidc.BearerToken,
		ExpiresIn: uint64(life.Seconds()), Scope: oidc.SpaceDelimitedArray(scopes)}), nil
}

// ownScopes are what a token of a client's own is for. Nothing asked means all that
// the client may have, save first-party scopes: nobody gets to administer who did not
// ask to. bad is one asked in vain.
func ownScopes(all *apps.Catalogue, c *apps.Client, asked []string) (own apps.Offers, bad string) {
	may := mayOwn(all, c)
	for _, s := range asked {
		if !slices.ContainsFunc(may, func(o *apps.Offer) bool { return o.Name == s }) {
			return nil, s
		}
	}
	for _, o := range may {
		if len(asked) == 0 && !o.FirstParty || slices.Contains(asked, o.Name) {
			own = append(own, o)
		}
	}
	return own, ""
}

// mayOwn are the scopes that a client may have without a user: those on offer that it
// is registered for, that say nothing about users and are not open.
func mayOwn(all *apps.Catalogue, c *apps.Client) (own apps.Offers) {
	for _, o := range all.Offers {
		if len(o.Claims) == 0 && o.Name != apps.ScopeOfflineAccess && c.MayOwn(o.Scope) {
			own = append(own, o)
		}
	}
	return own
}
