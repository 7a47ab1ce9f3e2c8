// Package introspection owns what is asked and said of a token afterwards: introspection
// (RFC 7662) and revocation (RFC 7009).
package introspection
