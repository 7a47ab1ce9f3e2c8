// Package api owns the HTTP API of administration: its routes and their description in
// OpenAPI 3.1, who may call over a network, and the translation of refusals into RFC 9457
// problems. A handler decodes a request, calls one operation, and encodes what it returns.
//
// The names on the wire (the claims of OpenID Connect Core section 5.1 for people, the
// client metadata of RFC 7591 for apps) are in package wire, which the Go client in
// package client shares. The command line is that client and nothing more, so that what
// it can do, a program can do.
//
// It does not own the rules, which are those of the operations in package usecase and of
// the store, nor how access tokens are judged. A password or a new secret passes through it in the clear and
// is neither kept nor logged.
//
// # The wire
//
// Everything is JSON under /api/v1; the OpenAPI 3.1 description is at
// /api/v1/openapi.json.
//
//	GET    users?find=NAME            the one with that id, username, e-mail or external id
//	GET    users?after=&limit=        a page
//	POST   users
//	PUT    users?external_id=ID       makes it, or changes what the body names
//	POST   users/import               up to 100, each taken or refused by itself
//	GET    users/{sub}
//	PATCH  users/{sub}                fields left out stay, empty ones are cleared
//	DELETE users/{sub}
//	PUT    users/{sub}/password
//	PUT    users/{sub}/disabled       {"disabled": true|false}
//	POST   users/{sub}/unlock         takes failed passwords back
//	PUT    users/{sub}/patreon
//	POST   users/{sub}/recovery-link
//	POST   setup-link
//	GET    clients?after=&limit=
//	POST   clients
//	POST   clients/import             up to 20, each taken or refused by itself
//	GET    clients/{client_id}
//	PATCH  clients/{client_id}
//	DELETE clients/{client_id}
//	PUT    clients/{client_id}/state
//	POST   clients/{client_id}/secret
//	GET    resources?find=NAME        the one with that identifier or id
//	GET    resources?after=&limit=
//	POST   resources
//	GET    resources/{id}
//	PATCH  resources/{id}             scopes are replaced as a whole
//	DELETE resources/{id}
//	PUT    resources/{id}/disabled    {"disabled": true|false}
//	POST   resources/{id}/secrets
//	DELETE resources/{id}/secrets/{secret}
//	GET    keys
//	POST   keys/rotate                {"alg": "ES256"}, or {} for all
//	POST   keys/discard               the same, of keys that leaked
//	GET    check                      reads everything
//	POST   backups                    {"path": "/absolute"}; never on a network
//	GET    status                     how the server is
//
// # Who may call
//
// Whoever the operating system says owns the data: on the socket the peer's
// user id is checked, in process the file's owner. These calls act as
// storage.Operator.
//
// On a network, with [Options].Authorization, whoever brings an access token: it
// says on whose behalf the call acts, and whether it may only look. It is judged before
// anything of the body is read, and again when the body has come. GET may be done
// by those who may only look, nothing else may, and the store refuses them again.
// The description alone needs no token. Its Go client over a network asks for
// it when a server answers that there is no such thing, since one of an older version
// says the same of operations that it lacks.
package api
