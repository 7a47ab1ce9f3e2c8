// Package oauth owns what all endpoints have in common: their paths, the one error type
// with its code, status and words (RFC 6749 section 5.2), the parameters that each
// endpoint knows, and how answers are written.
package oauth
