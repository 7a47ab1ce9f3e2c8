package keys

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Every token begins with a prefix of its kind, by which people, logs and secret
// scanners know it.
const (
	PrefixAccessToken  = "lk_at_"
	PrefixCode         = "lk_ac_"
	PrefixRefreshToken = "lk_rt_"
	PrefixClientSecret = "lk_cs_"
	PrefixOneTime      = "lk_ot_"
)

var strictBase64 = base64.RawURLEncoding.Strict()

const secretSize = 32 // bytes of randomness in a code or a one-time link

func encodeToken(prefix string, raw []byte) string {
	token := make([]byte, 0, len(prefix)+base64.RawURLEncoding.EncodedLen(len(raw)))
	token = append(token, prefix...)
	return string(base64.RawURLEncoding.AppendEncode(token, raw))
}

// decodeToken returns the bytes of a token of exactly this length behind its prefix.
func decodeToken(prefix, token string, size int) ([]byte, error) {
	text, ok := strings.CutPrefix(token, prefix)
	if !ok || len(text) != base64.RawURLEncoding.EncodedLen(size) {
		return nil, ErrToken
	}
	return decode(text)
}

// decode reads base64url without padding, in its one canonical form. The library
// takes any bits beyond the end unless told to be strict, and skips line breaks even
// then, which only the length tells.
func decode(text string) ([]byte, error) {
	raw, err := strictBase64.DecodeString(text)
	if err != nil || strictBase64.EncodedLen(len(raw)) != len(text) {
		return nil, ErrToken
	}
	return raw, nil
}

// hashToken is what is stored of a token that carries a random secret of 256 bits:
// there is nothing to guess, so it needs neither a key nor a slow hash.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
