// Package op is the OpenID provider: authorize, token, userinfo, introspection,
// revocation, sign-out, discovery and JWKS.
//
// # Authorize is a function
//
// An authorization request, the sessions of this browser, what their users allow,
// and the decisions made in this flow go in; one of these comes out:
//
//	an error page        the client or its redirect URI is not known: never a redirect
//	an error answer      the client is told why not
//	a code               the client gets what was allowed
//	what is missing      sign in, choose an account, or consent
//
// The pages do one thing each and send the browser back to /flow/<id>, which
// evaluates again from the start. Steps never route to one another. Answers travel by
// a redirect, or by a form that a page sends (response_mode).
//
//	GET  /connect/authorize     validate, evaluate; keep the flow in a cookie if something is missing
//	POST /connect/authorize     validate, seal, 303 to /flow?request=…: a cross-site POST carries no
//	                            Lax cookies and is never evaluated
//	GET  /flow?request=…        evaluate, as GET /connect/authorize does
//	GET  /flow/<id>             evaluate again
//	     /flow/<id>/sign-in     login's pages; they write their decision and go back to /flow/<id>
//	     /flow/<id>/account
//	     /flow/<id>/consent
//
// The flow lives in the browser, sealed: an anonymous visitor writes nothing to
// the store. The cookie opens only with the flow's id and the browser's own cookie,
// so a flow link leads nowhere in another browser.
//
// # Who decides and who writes
//
// Each step of authorize and of sign-out returns an outcome: a page, an error for the
// client, a code, or where the browser goes on. One method writes it, once. A grant type is
// one value that decodes, checks and runs.
//
// Message types come from github.com/zitadel/oidc/v3; docs/framework.md lists what else it
// has, and why that is not used.
//
// What op does not own: templates and words (login), records and their rules
// (storage), cryptography (keys). It declares the two small interfaces it needs of
// the pages: [Pages] and [Sessions].
package op
