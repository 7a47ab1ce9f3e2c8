// Package keys owns the secrets of the provider and everything made with them:
//
//   - the master key, which only wraps data keys (master.go);
//   - data keys, one per purpose, that seal values and authenticate them
//     (purpose.go, datakey.go, seal.go, mac.go);
//   - signing keys, the JWTs they sign and the JWK set that verifies them
//     (algorithm.go, signing.go, jws.go);
//   - the strings that leave as tokens: access tokens, authorization codes,
//     client secrets, one-time links (token.go and a file for each);
//   - passwords: which are acceptable, how they are hashed and how many at once
//     (password.go, hasher.go).
//
// A Ring holds the keys, opened. It is made from the stored set by Open and is
// safe for concurrent use; Reload follows a change that another process made.
//
// It does not know what a token stands for or when it expires, which client may
// use which algorithm, or who a user is: it seals and hashes bytes for others.
// Storage keeps what it made and sees only sealed bytes, hashes and public keys.
// Rotation on a schedule is not here either; the ring already serves several keys
// a purpose and several keys an algorithm, in the states next, current, retired.
package keys
