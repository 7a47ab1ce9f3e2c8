// Package storage owns the words that all of the store shares: ids, actors with their
// roles, and errors. The store itself is in the packages below it, each of which imports
// only those before it:
//
//	kv       the contract of an engine; bolt and memory are engines
//	table    records, keys, indexes
//	audit    what was done by whom
//	policy   settings and keys
//	people   users, groups, sessions
//	apps     clients, scopes, resources
//	grants   consents, grants, tokens
//	store    opens all of it
//
// An exported operation of a noun (people.Users, grants.Grants, …) is one transaction:
// the change, its audit event and whatever else must be true at the same instant.
// Operations done on somebody's behalf take an [Actor], so that permission, rule and
// audit stand together and pages, API and command line cannot disagree.
//
// What it does not own: HTTP, HTML, OAuth messages and cryptography. It is given
// hashes and sealed bytes and compares them; it never sees a password, a client
// secret or a key in the clear.
//
// # Time
//
// Stored times are whole seconds in UTC. One instant is taken before each
// transaction and used throughout it. Expiry is always checked at use; sweeping
// only gives space back.
package storage
