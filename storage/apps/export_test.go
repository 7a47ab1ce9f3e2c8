package apps

// What the tests of this package see of it.

const MaxIdentifier = maxIdentifier
const MaxJWKS = maxJWKS
const MaxResourceScopes = maxResourceScopes
const MaxScopeName = maxScopeName
const MaxScopeWords = maxScopeWords

var CanonicalIdentifier = canonicalIdentifier
var ValidRedirectURI = validRedirectURI
var WithoutLoopbackPort = withoutLoopbackPort
