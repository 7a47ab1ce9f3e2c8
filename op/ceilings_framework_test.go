//go:build unix

package op

import (
	"context"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"
)

// idleServer is a server of the framework that pays what a request owes and gives an
// answer made before: what remains is what the framework does of itself.
type idleServer struct {
	zop.UnimplementedServer
	client zop.Client
	pay    func() error
	answer idleAnswer
}

// idleAnswer is a body for the framework to encode.
type idleAnswer struct {
	Body string `json:"body"`
}

func (s *idleServer) give() (*zop.Response, error) { return zop.NewResponse(s.answer), s.pay() }

func (s *idleServer) VerifyClient(context.Context, *zop.Request[zop.ClientCredentials]) (zop.Client, error) {
	return s.client, nil
}

func (s *idleServer) CodeExchange(context.Context, *zop.ClientRequest[oidc.AccessTokenRequest]) (*zop.Response, error) {
	return s.give()
}

func (s *idleServer) RefreshToken(context.Context, *zop.ClientRequest[oidc.RefreshTokenRequest]) (*zop.Response, error) {
	return s.give()
}

func (s *idleServer) ClientCredentialsExchange(context.Context, *zop.ClientRequest[oidc.ClientCredentialsRequest]) (*zop.Response, error) {
	return s.give()
}

func (s *idleServer) UserInfo(context.Context, *zop.Request[oidc.UserInfoRequest]) (*zop.Response, error) {
	return s.give()
}

func (s *idleServer) Introspect(context.Context, *zop.Request[zop.IntrospectionRequest]) (*zop.Response, error) {
	return s.give()
}

func userinfoAt(path string) zop.Endpoints { return zop.Endpoints{Userinfo: zop.NewEndpoint(path)} }

func introspectionAt(path string) zop.Endpoints {
	return zop.Endpoints{Introspection: zop.NewEndpoint(path)}
}

func tokenAt(path string) zop.Endpoints { return zop.Endpoints{Token: zop.NewEndpoint(path)} }
