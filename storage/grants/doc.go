// Package grants owns what a user allowed an app: consents, grants with their state, the
// redemption of codes, refresh tokens, and what an access token stands for at this
// moment. It reads all the packages below it, in the caller's transaction.
//
// # Grants have no indexes
//
// A grant is alive while its state is not revoked, its user is enabled and has
// the epoch the grant was made under, its client is live, the user's consent for
// that client is the one the grant was made under, and (for an online grant) its
// session has not ended. Disabling a user, withdrawing consent, signing out
// everywhere and suspending a client are therefore one write each, in force at
// the very next call, and nothing has to be fanned out.
package grants
