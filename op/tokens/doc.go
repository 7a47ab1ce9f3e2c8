// Package tokens owns tokens: it makes and opens access tokens, opaque and as JWT (RFC
// 9068), refresh tokens and ID tokens.
package tokens
