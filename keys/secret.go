package keys

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

const (
	base62       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretLength = 43 // base62 digits: 256 bits
	crcLength    = 6  // base62 digits: 32 bits
)

// NewClientSecret returns a client secret: the prefix, 43 random letters and digits
// (256 bits) and 6 more that are their CRC-32. The checksum lets a secret scanner
// tell a leaked secret from text that looks like one. Letters and digits alone read
// the same whether or not a client form-encodes them for HTTP Basic (RFC 6749
// section 2.3.1).
func NewClientSecret() string {
	body := make([]byte, 0, secretLength)
	var random [64]byte
	for len(body) < secretLength {
		rand.Read(random[:]) // never fails
		for _, b := range random {
			// 248 is the largest multiple of 62 in a byte: above it digits would be uneven.
			if b < 248 && len(body) < secretLength {
				body = append(body, base62[b%62])
			}
		}
	}
	return PrefixClientSecret + string(body) + checksum(string(body))
}

// IsClientSecret reports whether secret has the form and the checksum of one made
// by NewClientSecret. It says nothing about whose it is.
func IsClientSecret(secret string) bool {
	text, ok := strings.CutPrefix(secret, PrefixClientSecret)
	if !ok || len(text) != secretLength+crcLength {
		return false
	}
	body := text[:secretLength]
	return strings.Trim(body, base62) == "" && text[secretLength:] == checksum(body)
}

func checksum(body string) string {
	var digits [crcLength]byte
	sum := crc32.ChecksumIEEE([]byte(body))
	for i := crcLength - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return string(digits[:])
}

// HashClientSecret returns what to keep of a client secret: the id of a data key (4
// bytes) and an HMAC-SHA-256 under it. A secret of 256 bits cannot be guessed, so a
// slow hash would only slow the token endpoint down.
func (r *Ring) HashClientSecret(secret string) []byte {
	key := r.state.Load().sealing(PurposeClientSecret)
	hash := make([]byte, idSize, idSize+sha256.Size)
	binary.BigEndian.PutUint32(hash, key.id)
	return key.mac(hash, [][]byte{[]byte(secret)})
}

// VerifyClientSecret reports whether hash was made from secret, in constant time.
func (r *Ring) VerifyClientSecret(hash []byte, secret string) bool {
	if len(hash) != idSize+sha256.Size {
		return false
	}
	sum, err := r.MACWith(PurposeClientSecret, binary.BigEndian.Uint32(hash), []byte(secret))
	return err == nil && hmac.Equal(sum, hash[idSize:])
}

// GuessableSecret reports whether a secret that was not made here is made of what
// everybody tries first, the client's id included (see CheckPassword).
func GuessableSecret(secret, client string) bool {
	if IsClientSecret(secret) {
		return false
	}
	folded := fold(secret)
	return freeUnits(folded, nil) < minFree || freeUnits(folded, ownNames([]string{client})) < minFree
}
