package keys

import "errors"

// Errors that callers tell apart with errors.Is. None carries key material, nor any
// part of the value that was refused.
var (
	// ErrWrongMaster: the master key is not the one this data was made with.
	ErrWrongMaster = errors.New("the master key does not open this data: start with the key that the data was made with, or restore that key from a backup")

	// ErrMaster: the master key could not be read; the message says what to do.
	ErrMaster = errors.New("master key")

	// ErrDamaged: the stored key set contradicts itself.
	ErrDamaged = errors.New("the stored keys are damaged: restore the data from a backup")

	// ErrSeal: not sealed by this ring for this purpose and binding.
	ErrSeal = errors.New("seal refused")

	// ErrUnknownKey: no data key of this purpose has this id.
	ErrUnknownKey = errors.New("unknown data key")

	// ErrToken: not a token of this kind, written the one way it can be written.
	ErrToken = errors.New("token refused")

	// ErrTokenSize: the payload does not fit into an access token.
	ErrTokenSize = errors.New("access token payload too long")

	// ErrAlgorithm: the signing algorithm is unknown or not enabled.
	ErrAlgorithm = errors.New("signing algorithm not enabled")

	// ErrClaims: the claims cannot be signed as a JWT.
	ErrClaims = errors.New("claims cannot be signed")

	// ErrBusy: as many password hashes are waiting as may wait.
	ErrBusy = errors.New("too many passwords are being checked at once")

	// ErrKeySet: a client's JWK Set that it cannot be known by.
	ErrKeySet = errors.New("is no JWK Set that can be taken")

	// ErrHash: a password hash of an unsupported form or cost.
	ErrHash = errors.New("password hash refused")
)
