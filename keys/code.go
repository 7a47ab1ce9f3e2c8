package keys

import "crypto/rand"

const grantIDSize = 16

// NewCode returns an authorization code (70 characters) for a grant, and the hash
// to keep with it. The code carries the grant's id, so that finding the grant needs
// no index, and 256 random bits (RFC 6749 section 10.10 asks for 128).
func NewCode(grantID [16]byte) (code string, secretHash []byte) {
	raw := make([]byte, grantIDSize+secretSize)
	copy(raw, grantID[:])
	rand.Read(raw[grantIDSize:]) // never fails
	code = encodeToken(PrefixCode, raw)
	return code, hashToken(code)
}

// ParseCode returns the grant id in an authorization code and the hash to compare,
// in constant time, with the one kept. It returns ErrToken if code has another form.
func ParseCode(code string) (grantID [16]byte, secretHash []byte, err error) {
	raw, err := decodeToken(PrefixCode, code, grantIDSize+secretSize)
	if err != nil {
		return grantID, nil, err
	}
	copy(grantID[:], raw)
	return grantID, hashToken(code), nil
}
