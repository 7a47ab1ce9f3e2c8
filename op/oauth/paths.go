package oauth

// The endpoints' paths.
const (
	PathAuthorize = "/connect/authorize"
	PathToken     = "/connect/token"
	PathUserinfo  = "/connect/userinfo"
	// PathIntrospection is RFC 7662's, PathRevocation RFC 7009's.
	PathIntrospection = "/connect/introspect"
	PathRevocation    = "/connect/revocation"
	// PathEndSession is that of RP-Initiated Logout 1.0.
	PathEndSession = "/connect/endsession"
	PathJWKS       = "/.well-known/openid-configuration/jwks"
	PathDiscovery  = "/.well-known/openid-configuration"
	PathMetadata   = "/.well-known/oauth-authorization-server" // RFC 8414 section 3
)
