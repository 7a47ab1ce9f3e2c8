// Package keys owns the secrets of the provider and everything made with them:
//
//   - the master key, which only wraps data keys (master.go);
//   - data keys, one per purpose, that seal values and authenticate them
//     (purpose.go, datakey.go, seal.go, mac.go);
//   - signing keys, the JWTs they sign and the JWK set that verifies them
//     (algorithm.go, signing.go, jws.go);
//   - how both are replaced, by schedule or on demand, without a token in use ever
//     failing (policy.go, draft.go, rotate.go), after a leak (discard.go), and under
//     another master key (reseal.go);
//   - the keys of clients and what they signed (clientkeys.go, clientjwt.go);
//   - the strings that leave as tokens: access tokens, authorization codes,
//     client secrets, one-time links (token.go and a file for each);
//   - passwords: which are acceptable, how they are hashed and how many at once
//     (password.go, hasher.go).
//
// A Ring holds the keys, opened. It is made from the stored set by Open and is
// safe for concurrent use; Tick does what the schedule says and follows a change that
// another process made.
//
// It does not know what a token stands for or when it expires, which client may
// use which algorithm, or who a user is: it seals and hashes bytes for others.
// Storage keeps what it made and sees only sealed bytes, hashes and public keys.
package keys
