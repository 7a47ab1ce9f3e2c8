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
	if len(payload) > MaxAccessPayload {
		return "", fmt.Errorf("%w: %d bytes of at most %d", ErrTokenSize, len(payload), MaxAccessPayload)
	}
	return encodeToken(PrefixAccessToken, r.Seal(PurposeAccessToken, nil, payload)), nil
}

// OpenAccessToken returns the payload of an access token and its id, 24 random
// bytes that no other token has. Anything else than an unchanged token, written the
// one way it can be written, is ErrToken.
func (r *Ring) OpenAccessToken(token string) (payload, tokenID []byte, err error) {
	text, ok := strings.CutPrefix(token, PrefixAccessToken)
	if !ok || len(token) > MaxAccessToken {
		return nil, nil, ErrToken
	}
	sealed, err := decode(text)
	if err != nil {
		return nil, nil, ErrToken
	}
	payload, err = r.Unseal(PurposeAccessToken, nil, sealed)
	if err != nil {
		return nil, nil, ErrToken
	}
	return payload, Nonce(sealed), nil
}
