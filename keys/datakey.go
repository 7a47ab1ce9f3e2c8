package keys

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"latchkey/storage/policy"
)

// dataKey is an opened data key. Sealing and authenticating use keys derived from
// it, so that neither can tell anything about the other.
type dataKey struct {
	id      uint32
	purpose Purpose
	retired bool
	aead    cipher.AEAD
	macs    sync.Pool // of *mac
}

// mac is an HMAC under one data key, with room for the lengths it is fed.
type mac struct {
	hash.Hash
	length [8]byte
}

func newDataKey(random io.Reader, master Master, id uint32, p Purpose, now time.Time) policy.DataKey {
	key := make([]byte, keySize)
	mustRead(random, key)
	return policy.DataKey{
		ID:      id,
		Purpose: string(p),
		Sealed:  master.wrap(random, wrapLabel(p), id, key),
		Created: now,
	}
}

func openDataKey(master Master, record policy.DataKey) (*dataKey, error) {
	p := Purpose(record.Purpose)
	key, err := master.unwrap(wrapLabel(p), record.ID, record.Sealed)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%w: data key %d (%s) does not open", ErrDamaged, record.ID, p)
	}
	macKey := derive(key, "mac")
	return &dataKey{
		id:      record.ID,
		purpose: p,
		retired: !record.Retired.IsZero(),
		aead:    newAEAD(derive(key, "seal")),
		macs:    sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, macKey)} }},
	}, nil
}

func wrapLabel(p Purpose) string { return "data key for " + string(p) }

func derive(key []byte, use string) []byte {
	derived, err := hkdf.Key(sha256.New, key, nil, "latchkey "+use, keySize)
	if err != nil {
		panic(err) // the length is ours and constant
	}
	return derived
}
