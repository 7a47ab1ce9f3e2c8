package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"latchkey/keys"
	"latchkey/storage/apps"
)

// ownRequest is RFC 6749 section 4.4: a client asks for a token of its own, which stands
// for no user.
type ownRequest struct {
	scopes  []string
	targets apps.Targets
}

func (h *tokenHandler) clientCredentialsGrant() grantType {
	return newGrantType(apps.GrantTypeClientCredentials, h.decodeOwn, nil, h.ownToken)
}

func (h *tokenHandler) decodeOwn(form url.Values) (ownRequest, *apiError) {
	return ownRequest{scopes: strings.Fields(form.Get("scope")), targets: h.tokens.targets(form)}, nil
}

// ownToken costs no commit; a signature only for a JWT.
func (h *tokenHandler) ownToken(ctx context.Context, by *caller, q ownRequest) (*oidc.AccessTokenResponse, *apiError) {
	terms, err := h.scopes.Terms(ctx)
	if err != nil {
		return nil, failed(err)
	}
	own, bad := ownScopes(terms.Catalogue, by.client, q.scopes)
	if bad != "" {
		return nil, &apiError{status: http.StatusBadRequest, code: "invalid_scope",
			text: "scope " + printable(bad) + " is not one that this client may have for itself", quoted: printable(bad)}
	}
	if own, bad = own.To(q.targets); bad != "" {
		return nil, invalidTarget(bad)
	}
	life := accessLife(by.client, by.client.Lifetimes(terms.Settings.Lifetimes))
	scopes := own.Names()
	t := accessToken{client: by.client.ID, epoch: uint32(by.client.Epoch), own: scopes, expires: h.now().Add(life)}
	var token string
	if by.client.Metadata.AccessTokenFormat != apps.AccessTokenJWT {
		token, err = h.keys.SealAccessToken(t.bytes())
	} else {
		// A client's own token has the client as subject, which no user ever is
		// (RFC 9068 section 5).
		token, err = h.tokens.jwt(ctx, by.client, h.tokens.algorithm(by.client, terms.Settings.DefaultSigningAlgorithm), t, h.tokens.audience(own),
			map[string]any{"sub": by.client.ID, "scope": strings.Join(scopes, " ")})
	}
	switch {
	case errors.Is(err, keys.ErrTokenSize):
		return nil, &apiError{status: http.StatusBadRequest, code: "invalid_scope", text: "ask for fewer scopes at once", cause: err}
	case err != nil:
		return nil, failed(err)
	}
	return &oidc.AccessTokenResponse{AccessToken: token, TokenType: oidc.BearerToken,
		ExpiresIn: uint64(life.Seconds()), Scope: oidc.SpaceDelimitedArray(scopes)}, nil
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
