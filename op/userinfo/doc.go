// Package userinfo owns the userinfo endpoint (OpenID Connect Core section 5.3) and what
// comes with a bearer token (RFC 6750).
package userinfo
