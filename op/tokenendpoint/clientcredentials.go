package tokenendpoint

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/keys"
	"latchkey/op/clientauth"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/storage/apps"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// ownRequest is RFC 6749 section 4.4: a client asks for a token of its own, which stands
// for no user.
type ownRequest struct {
	scopes  []string
	targets apps.Targets
}

func (h *Handler) clientCredentialsGrant() grantType {
	return newGrantType(apps.GrantTypeClientCredentials, h.decodeOwn, nil, h.ownToken)
}

func (h *Handler) decodeOwn(form url.Values) (ownRequest, *oauth.Error) {
	return ownRequest{scopes: strings.Fields(form.Get("scope")), targets: h.Tokens.Targets(form)}, nil
}

// ownToken costs no commit; a signature only for a JWT.
func (h *Handler) ownToken(ctx context.Context, by *clientauth.Caller, q ownRequest) (*oidc.AccessTokenResponse,
	*oauth.Error) {
	terms, err := h.Scopes.Terms(ctx)
	if err != nil {
		return nil, oauth.Failed(err)
	}
	own, bad := ownScopes(terms.Catalogue, by.Client, q.scopes)
	if bad != "" {
		return nil, &oauth.Error{Status: http.StatusBadRequest, Code: "invalid_scope",
			Text:   "scope " + oauth.Printable(bad) + " is not one that this client may have for itself",
			Quoted: oauth.Printable(bad)}
	}
	if own, bad = own.To(q.targets); bad != "" {
		return nil, tokens.InvalidTarget(bad)
	}
	life := tokens.AccessLife(by.Client, by.Client.Lifetimes(terms.Settings.Lifetimes))
	scopes := own.Names()
	t := tokens.AccessToken{Client: by.Client.ID, Epoch: uint32(by.Client.Epoch), Own: scopes,
		Expires: h.Now().Add(life)}
	var token string
	if by.Client.Metadata.AccessTokenFormat != apps.AccessTokenJWT {
		token, err = h.Keys.SealAccessToken(t.Bytes())
	} else {
		// A client's own token has the client as subject, which no user ever is
		// (RFC 9068 section 5).
		token, err = h.Tokens.SignAccessToken(ctx, by.Client,
			h.Tokens.Algorithm(by.Client, terms.Settings.DefaultSigningAlgorithm), t, h.Tokens.Audience(own),
			map[string]any{"sub": by.Client.ID, "scope": strings.Join(scopes, " ")})
	}
	switch {
	case errors.Is(err, keys.ErrTokenSize):
		return nil, &oauth.Error{Status: http.StatusBadRequest, Code: "invalid_scope",
			Text: "ask for fewer scopes at once", Cause: err}
	case err != nil:
		return nil, oauth.Failed(err)
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
