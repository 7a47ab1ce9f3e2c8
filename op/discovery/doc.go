// Package discovery owns what the provider says of itself: the metadata documents, the
// JWKS and WebFinger.
package discovery
