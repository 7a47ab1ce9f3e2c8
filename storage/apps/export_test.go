package apps

// What the tests of this package see of it.

const IdentifierMost = identifierMost
const JwksMost = jwksMost
const ResourceScopesMost = resourceScopesMost
const ScopeNameMost = scopeNameMost
const ScopeWordsMost = scopeWordsMost

var CanonicalIdentifier = canonicalIdentifier
var ValidRedirectURI = validRedirectURI
var WithoutLoopbackPort = withoutLoopbackPort
