package keys

import (
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed value is
//
//	key id (4 bytes, big-endian) ‖ nonce (24) ‖ ciphertext and tag (16 more)
//
// by XChaCha20-Poly1305. Its 192-bit nonces are drawn at random without end; the
// 96 bits of AES-GCM would be used up within hours at full speed.
const (
	idSize    = 4
	nonceSize = chacha20poly1305.NonceSizeX
	headSize  = idSize + nonceSize

	// SealOverhead is how many bytes longer a sealed value is than its plaintext.
	SealOverhead = headSize + chacha20poly1305.Overhead
)

// Seal encrypts and authenticates plaintext under the current key of the purpose.
// The binding (a user id, a flow id; may be empty) is not kept in the result and
// must be presented again to Unseal.
func (r *Ring) Seal(p Purpose, binding, plaintext []byte) []byte {
	return r.state.Load().sealing(p).seal(r.random, binding, plaintext)
}

// Unseal returns the plaintext that Seal was given. Anything else than an unchanged
// value, sealed for this purpose and binding under a key that is still kept, is
// ErrSeal. It leaves sealed as it is.
func (r *Ring) Unseal(p Purpose, binding, sealed []byte) ([]byte, error) {
	return r.state.Load().unseal(p, binding, sealed)
}

func (s *state) unseal(p Purpose, binding, sealed []byte) ([]byte, error) {
	key := s.unsealing(p, sealed)
	if key == nil {
		return nil, ErrSeal
	}
	size := len(sealed) - SealOverhead
	return key.unseal(make([]byte, 0, size+associatedSize(p, binding)), binding, sealed)
}

// seal makes one allocation: the associated data is written behind the result's end.
func (k *dataKey) seal(random io.Reader, binding, plaintext []byte) []byte {
	size := len(plaintext) + SealOverhead
	buf := make([]byte, headSize, size+associatedSize(k.purpose, binding))
	binary.BigEndian.PutUint32(buf, k.id)
	mustRead(random, buf[idSize:])
	data := associated(buf[size:size], k.purpose, binding)
	sealed := k.aead.Seal(buf, buf[idSize:], plaintext, data)
	return sealed[:size:size]
}

// unseal decrypts into dst, an empty slice with room for the plaintext and, behind
// it, the associated data. It may be the ciphertext's own place.
func (k *dataKey) unseal(dst, binding, sealed []byte) ([]byte, error) {
	size := len(sealed) - SealOverhead
	scratch := dst[:cap(dst)][cap(dst)-associatedSize(k.purpose, binding):][:0]
	data := associated(scratch, k.purpose, binding)
	plaintext, err := k.aead.Open(dst, sealed[idSize:headSize], sealed[headSize:], data)
	if err != nil {
		return nil, ErrSeal
	}
	return plaintext[:size:size], nil
}

// Nonce returns the random part of a sealed value, 24 bytes that no other value
// has: the id of the token that the value is. It is nil if sealed is too short.
func Nonce(sealed []byte) []byte {
	if len(sealed) < SealOverhead {
		return nil
	}
	return sealed[idSize:headSize:headSize]
}

// sealing returns the key that seals for p.
func (s *state) sealing(p Purpose) *dataKey {
	key := s.current[p]
	if key == nil {
		panic(fmt.Sprintf("keys: %q is not a purpose", p))
	}
	return key
}

// unsealing returns the key that sealed names, or nil if it cannot be one of p's.
func (s *state) unsealing(p Purpose, sealed []byte) *dataKey {
	if len(sealed) < SealOverhead {
		return nil
	}
	key := s.dataKeys[binary.BigEndian.Uint32(sealed)]
	if key == nil || key.purpose != p {
		return nil
	}
	return key
}

// retired reports whether sealed, a value that Unseal accepted, is under a key that
// no longer seals.
func (r *Ring) retired(p Purpose, sealed []byte) bool {
	key := r.state.Load().unsealing(p, sealed)
	return key != nil && key.retired
}

// The associated data is the purpose behind its length, then the binding.
func associated(dst []byte, p Purpose, binding []byte) []byte {
	dst = append(dst, byte(len(p)))
	dst = append(dst, p...)
	return append(dst, binding...)
}

func associatedSize(p Purpose, binding []byte) int { return 1 + len(p) + len(binding) }
