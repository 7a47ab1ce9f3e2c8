// Package apps owns what may ask for access and to what: clients with their metadata,
// secrets and redirect URIs, used client assertions, the catalogue of scopes, and the
// resources (APIs) that own scopes.
package apps
