// Package tokenendpoint owns the token endpoint (RFC 6749 section 3.2): each grant type is
// one value that decodes, checks and runs a request.
package tokenendpoint
