// Package try is a sample app that shows what it does: an OpenID Connect client
// whose pages lay open each message of a login as it happens.
//
// It owns the sample's side of the authorization code flow (OpenID Connect Core
// section 3.1, with PKCE by RFC 7636) and its pages. It does not own the client's
// registration, which the command line makes and removes, and knows the provider
// by discovery alone, as any app does.
//
// It is for one person at one machine: flows are kept in memory, and only requests
// for the address it listens on are answered. It shows tokens, and logs nothing.
package try
