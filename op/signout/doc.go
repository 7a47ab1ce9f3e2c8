// Package signout owns sign-out by an app's request (OpenID Connect RP-Initiated Logout
// 1.0).
package signout
