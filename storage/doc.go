// Package storage is Latchkey's store of record: users, clients, sessions,
// consents, grants, the scope catalogue, memberships, settings, keys, one-time
// links and the audit trail, each in a file of its own with its type, its rules
// and its operations.
//
// An exported operation is one transaction: the change, its audit event and
// whatever else must be true at the same instant. Operations done on somebody's
// behalf take an [Actor], so that permission, rule and audit stand together and
// pages, API and command line cannot disagree.
//
// What it does not own: HTTP, HTML, OAuth messages and cryptography. It is given
// hashes and sealed bytes and compares them; it never sees a password, a client
// secret or a key in the clear.
//
// # Grants have no indexes
//
// A grant is alive while its state is not revoked, its user is enabled and has
// the epoch the grant was made under, its client is live, the user's consent for
// that client is the one the grant was made under, and (for an online grant) its
// session has not ended. Disabling a user, withdrawing consent, signing out
// everywhere and suspending a client are therefore one write each, in force at
// the very next call, and nothing has to be fanned out.
//
// # Time
//
// Stored times are whole seconds in UTC. One instant is taken before each
// transaction and used throughout it. Expiry is always checked at use; sweeping
// only gives space back.
package storage
