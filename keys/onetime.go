package keys

import "crypto/rand"

// NewOneTime returns a token (49 characters, 256 random bits) for a link that acts
// once, and the hash under which to keep what it does.
func NewOneTime() (token string, hash []byte) {
	raw := make([]byte, secretSize)
	rand.Read(raw) // never fails
	token = encodeToken(PrefixOneTime, raw)
	return token, hashToken(token)
}

// HashOneTime returns the hash of a one-time token, or ErrToken if it is none.
func HashOneTime(token string) ([]byte, error) {
	if _, err := decodeToken(PrefixOneTime, token, secretSize); err != nil {
		return nil, err
	}
	return hashToken(token), nil
}
