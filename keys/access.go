package keys

import (
	"fmt"
	"strings"
)

const (
	// MaxAccessToken is the length in characters of the longest access token: what
	// clients were told to reserve a column of 255 for.
	MaxAccessToken = 255

	// MaxAccessPayload is how many bytes an access token can carry, 142: 249
	// characters behind the prefix are 186 bytes, of which the seal takes 44.
	MaxAccessPayload = (MaxAccessToken-len(PrefixAccessToken))*6/8 - SealOverhead
)

// SealAccessToken returns payload as an opaque access token of at most
// MaxAccessToken characters. It returns ErrTokenSize if payload is longer than
// MaxAccessPayload.
func (r *Ring) SealAccessToken(payload []byte) (string, error) {
	return r.sealAccess(PrefixAccessToken, nil, payload)
}

// SealTokenID returns payload as the jti of a JWT access token. An API may log a jti,
// so it is no access token: OpenAccessToken refuses it, with the prefix too. It
// returns ErrTokenSize as SealAccessToken does.
func (r *Ring) SealTokenID(payload []byte) (string, error) {
	return r.sealAccess("", bindingTokenID, payload)
}

// bindingTokenID keeps what is sealed for inside a JWT from opening outside of one.
var bindingTokenID = []byte("jti")

func (r *Ring) sealAccess(prefix string, binding, payload []byte) (string, error) {
	if len(payload) > MaxAccessPayload {
		return "", fmt.Errorf("%w: %d bytes of at most %d", ErrTokenSize, len(payload), MaxAccessPayload)
	}
	return encodeToken(prefix, r.Seal(PurposeAccessToken, binding, payload)), nil
}

// OpenAccessToken returns the payload of an access token and its id, 24 random
// bytes that no other token has. Anything else than an unchanged token, written the
// one way it can be written, is ErrToken.
func (r *Ring) OpenAccessToken(token string) (payload, tokenID []byte, err error) {
	return r.openAccess(PrefixAccessToken, nil, token)
}

// OpenTokenID is OpenAccessToken for the jti of a JWT access token. The caller has
// verified the JWT's signature.
func (r *Ring) OpenTokenID(jti string) (payload, tokenID []byte, err error) {
	return r.openAccess("", bindingTokenID, jti)
}

func (r *Ring) openAccess(prefix string, binding []byte, token string) (payload, tokenID []byte, err error) {
	text, ok := strings.CutPrefix(token, prefix)
	if !ok || len(token) > MaxAccessToken {
		return nil, nil, ErrToken
	}
	sealed, err := decode(text)
	if err != nil {
		return nil, nil, ErrToken
	}
	payload, err = r.Unseal(PurposeAccessToken, binding, sealed)
	if err != nil {
		return nil, nil, ErrToken
	}
	return payload, Nonce(sealed), nil
}
