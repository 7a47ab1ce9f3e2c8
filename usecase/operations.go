package usecase

import (
	"sync"
	"time"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/store"
)

// Operations are what people do. There is one for a store, shared by all who call it. All
// fields are required.
type Operations struct {
	Store  *store.Store
	Keys   *keys.Ring
	Hasher *keys.Hasher
	// Issuer is in front of the paths that links lead to.
	Issuer string
	// CheckAccent says why the pages cannot show a colour.
	CheckAccent func(colour string) error

	// edits makes read, merge and write of one edit a unit, so that two edits of
	// different fields at once are both kept.
	edits sync.Mutex
}

// Fingerprint makes what a text is recognised by, and cannot be guessed from. No client
// secret holds a zero byte, so that none has such a hash.
func (o *Operations) Fingerprint(text []byte) []byte {
	return o.Keys.HashClientSecret("request\x00" + string(text))
}

// IsFingerprint reports whether a fingerprint is that of a text.
func (o *Operations) IsFingerprint(fingerprint, text []byte) bool {
	return o.Keys.VerifyClientSecret(fingerprint, "request\x00"+string(text))
}

// maxOverlap is how long an old secret may stay valid beside a new one.
const maxOverlap = 90 * 24 * time.Hour

// newSecret makes a secret, with its hash and its last four characters.
func (o *Operations) newSecret() (secret string, hash []byte, last string) {
	secret = keys.NewClientSecret()
	return secret, o.Keys.HashClientSecret(secret), lastFour(secret)
}

func lastFour(secret string) string { return secret[max(0, len(secret)-4):] }

func checkOverlap(overlap time.Duration) error {
	if overlap > maxOverlap {
		return &storage.Invalid{Field: "overlap_seconds", Reason: "must be at most 90 days"}
	}
	return nil
}
