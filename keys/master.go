package keys

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

const keySize = 32

// Master is the master key: 32 bytes that wrap the data keys and nothing else. They
// are behind a pointer, and it prints as a placeholder, so that no log line carries
// them by accident. The zero value is no key and is refused by Open.
type Master struct {
	key *[keySize]byte
}

// ParseMaster reads the text form of a master key, 43 characters of base64url
// without padding. White space around it is ignored. The error never repeats text.
func ParseMaster(text string) (Master, error) {
	text = strings.TrimSpace(text)
	raw, err := decode(text)
	if err != nil || len(raw) != keySize {
		return Master{}, fmt.Errorf("%w: it must be 43 characters of base64url (A-Z a-z 0-9 - _), as Latchkey wrote it; this text has %d characters or others than these", ErrMaster, len(text))
	}
	return Master{key: (*[keySize]byte)(raw)}, nil
}

func newMaster() Master {
	key := new([keySize]byte)
	rand.Read(key[:]) // never fails
	return Master{key: key}
}

func (m Master) text() string { return base64.RawURLEncoding.EncodeToString(m.key[:]) }

// Fingerprint tells master keys apart and nothing about them: eight digits derived
// from the key.
func (m Master) Fingerprint() string {
	return hex.EncodeToString(derive(m.key[:], "fingerprint")[:fingerprintBytes])
}

const fingerprintBytes = 4

// String returns a placeholder.
func (Master) String() string { return "[master key]" }

// wrap seals plaintext under the master key; label and id say what it is and are
// needed to unwrap it.
func (m Master) wrap(random io.Reader, label string, id uint32, plaintext []byte) []byte {
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	mustRead(random, nonce)
	return m.aead().Seal(nonce, nonce, plaintext, wrapData(label, id))
}

func (m Master) unwrap(label string, id uint32, wrapped []byte) ([]byte, error) {
	if len(wrapped) < chacha20poly1305.NonceSizeX {
		return nil, ErrSeal
	}
	nonce, ciphertext := wrapped[:chacha20poly1305.NonceSizeX], wrapped[chacha20poly1305.NonceSizeX:]
	plaintext, err := m.aead().Open(nil, nonce, ciphertext, wrapData(label, id))
	if err != nil {
		return nil, ErrSeal
	}
	return plaintext, nil
}

func (m Master) aead() cipher.AEAD { return newAEAD(m.key[:]) }

func wrapData(label string, id uint32) []byte {
	return append(binary.BigEndian.AppendUint32(nil, id), label...)
}

func newAEAD(key []byte) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // the length is ours and constant
	}
	return aead
}

// mustRead fills b. crypto/rand never fails; a source that does must not lead to a
// predictable key or nonce.
func mustRead(random io.Reader, b []byte) {
	if _, err := io.ReadFull(random, b); err != nil {
		panic(fmt.Errorf("keys: the source of randomness failed: %w", err))
	}
}
