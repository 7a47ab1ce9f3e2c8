// Package api is the store of record's operations as a versioned HTTP API, and
// the Go client for it. The command line is that client and nothing more, so
// that what it can do, a program can do.
//
// It owns the names on the wire (the claims of OpenID Connect Core section 5.1
// for people, the client metadata of RFC 7591 for apps), the translation of the
// store's refusals into RFC 9457 problems, and the three ways a client gets to a
// server: over a unix socket beside the data, in process, calling the handler
// directly, when no server runs, or over the network.
//
// It does not own the rules, which are the store's, nor cryptography: hashing
// passwords, making secrets and one-time tokens, judging access tokens are functions
// that [Options] brings along. A password or a new secret passes through it in the clear and
// is neither kept nor logged.
//
// # The wire
//
// Everything is JSON under [Prefix]; the OpenAPI 3.1 description is at
// [Prefix]/openapi.json.
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
// The description alone needs no token. Its Go client over a network, [Over], asks for
// it when a server answers that there is no such thing, since one of an older version
// says the same of operations that it lacks.
package api
