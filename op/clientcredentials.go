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
	"latchkey/storage"
)

// ClientCredentialsExchange is RFC 6749 section 4.4: a token of the client's own,
// which stands for no user. It costs no commit; a signature only for a JWT.
func (s *server) ClientCredentialsExchange(ctx context.Context, _ *zop.ClientRequest[oidc.ClientCredentialsRequest]) (*zop.Response, error) {
	c := callOf(ctx)
	scopes, bad := s.p.ownScopes(c.client, strings.Fields(c.sent.Get("scope")))
	if bad != "" {
		return c.refuse(&apiError{status: http.StatusBadRequest, code: "invalid_scope",
			text: "scope " + printable(bad) + " is not one that this client may have for itself", quoted: printable(bad)})
	}
	set, err := s.p.store.Settings.Get(ctx)
	if err != nil {
		return c.refuse(failed(err))
	}
	life := accessLife(c.client, set.Lifetimes.Of(c.client))
	t := accessToken{client: c.client.ID, epoch: uint32(c.client.Epoch), own: scopes, expires: s.p.now().Add(life)}
	token, err := s.p.keys.SealAccessToken(t.bytes())
	if errors.Is(err, keys.ErrTokenSize) {
		return c.refuse(&apiError{status: http.StatusBadRequest, code: "invalid_scope", text: "ask for fewer scopes at once", cause: err})
	}
	if err == nil && c.client.Metadata.AccessTokenFormat == storage.AccessTokenJWT {
		// A client's own token has the client as subject, which no user ever is
		// (RFC 9068 section 5).
		token, err = s.p.jwt(ctx, c.client, s.p.algorithm(c.client, set.DefaultSigningAlgorithm), t, token, map[string]any{"sub": c.client.ID, "scope": strings.Join(scopes, " ")})
	}
	if err != nil {
		return c.refuse(failed(err))
	}
	return zop.NewResponse(&oidc.AccessTokenResponse{AccessToken: token, TokenType: oidc.BearerToken,
		ExpiresIn: uint64(life.Seconds()), Scope: oidc.SpaceDelimitedArray(scopes)}), nil
}

// ownScopes are what a token of a client's own is for. Nothing asked means all that
// the client may have, save first-party scopes: nobody gets to administer who did not
// ask to. bad is one asked in vain.
func (p *Provider) ownScopes(c *storage.Client, asked []string) (own []string, bad string) {
	may := p.mayOwn(c)
	if len(asked) == 0 {
		for _, s := range may {
			if !s.FirstParty {
				own = append(own, s.Name)
			}
		}
		return own, ""
	}
	for _, s := range asked {
		if !named(may, s) {
			return nil, s
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(asked))), ""
}

// mayOwn are the scopes that a client may have without a user: those it may ask for
// that say nothing about users.
func (p *Provider) mayOwn(c *storage.Client) (own []*storage.Scope) {
	for _, s := range p.catalog {
		if len(s.Claims) == 0 && s.Name != storage.ScopeOfflineAccess && c.MayHave(s) && slices.Contains(c.Metadata.Scopes, s.Name) {
			own = append(own, s)
		}
	}
	return own
}

func named(scopes []*storage.Scope, name string) bool {
	return slices.ContainsFunc(scopes, func(s *storage.Scope) bool { return s.Name == name })
}

// opensOwn is the client that a token of its own, with its id, stands for, and what
// of its scopes is still allowed: none left of some ends it.
func (p *Provider) opensOwn(ctx context.Context, t accessToken, id []byte) (*storage.Client, []string, error) {
	c, err := p.store.Clients.OfToken(ctx, t.named(id))
	if err != nil {
		return nil, nil, err
	}
	may := p.mayOwn(c)
	own := slices.DeleteFunc(slices.Clone(t.own), func(s string) bool { return !named(may, s) })
	if len(own) == 0 && len(t.own) > 0 {
		return nil, nil, storage.DeadScopes
	}
	return c, own, nil
}
