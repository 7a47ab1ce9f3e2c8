// Package userclaims owns which claims about a user an app gets: by scope, by the claims
// parameter (OpenID Connect Core section 5.5), and what the user was authenticated by.
package userclaims
