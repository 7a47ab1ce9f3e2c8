// Package remote is the command line's way to a Latchkey on another machine.
//
// It owns what stands between a server's address and an api.Caller: the connection
// and whom it trusts, discovery, the client's credentials, the access token that they
// get (RFC 6749 section 4.4), and the words for all that can be wrong on the way.
//
// Nothing secret leaves before the server has shown, by its certificate and by
// discovery, that it is the one asked for; then it goes to that origin and to no
// other. Tokens are kept in memory alone. What is secret is in no error: neither ours,
// nor what a server answers, of which no more is told than the fields for people.
//
// It does not own the flags and variables that say which server, nor what verbs do.
package remote
