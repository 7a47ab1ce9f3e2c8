package op

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"latchkey/storage/apps"
)

// server is the framework's view of the provider: the endpoints it routes. Of the
// rest the framework says that it is not implemented, and nothing leads there.
type server struct {
	zop.UnimplementedServer
	p *Provider
}

// VerifyClient names the client that was authenticated before the framework.
func (s *server) VerifyClient(ctx context.Context, _ *zop.Request[zop.ClientCredentials]) (zop.Client, error) {
	c := callOf(ctx).client
	if c == nil {
		return nil, zop.NewStatusError(oidc.ErrInvalidClient(), http.StatusUnauthorized)
	}
	return client{c}, nil
}

// client shows a registered client to the framework, which asks it for little: the
// rules about clients are applied where they belong.
type client struct{ *apps.Client }

func (c client) GetID() string                    { return c.ID }
func (c client) RedirectURIs() []string           { return c.Metadata.RedirectURIs }
func (c client) PostLogoutRedirectURIs() []string { return c.Metadata.PostLogoutRedirectURIs }
func (c client) AuthMethod() oidc.AuthMethod {
	return oidc.AuthMethod(c.Metadata.TokenEndpointAuthMethod)
}
func (c client) LoginURL(string) string               { return "" }
func (c client) AccessTokenType() zop.AccessTokenType { return zop.AccessTokenTypeBearer }
func (c client) IDTokenLifetime() time.Duration       { return 0 } // settings decide
func (c client) DevMode() bool                        { return false }
func (c client) IsScopeAllowed(scope string) bool     { return slices.Contains(c.Metadata.Scopes, scope) }
func (c client) IDTokenUserinfoClaimsAssertion() bool { return false } // idToken decides
func (c client) ClockSkew() time.Duration             { return 0 }

func (c client) ApplicationType() zop.ApplicationType {
	if c.Metadata.ApplicationType == apps.ApplicationNative {
		return zop.ApplicationTypeNative
	}
	return zop.ApplicationTypeWeb
}

func (c client) ResponseTypes() []oidc.ResponseType {
	return convert[oidc.ResponseType](c.Metadata.ResponseTypes)
}

func (c client) GrantTypes() []oidc.GrantType { return convert[oidc.GrantType](c.Metadata.GrantTypes) }

func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func convert[T ~string](in []string) []T {
	out := make([]T, 0, len(in))
	for _, s := range in {
		out = append(out, T(s))
	}
	return out
}
