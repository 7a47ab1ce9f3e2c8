package keys

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// MAC returns the HMAC-SHA-256 (32 bytes) of the parts under the current key of the
// purpose. Each part goes in behind its length, so no two lists of parts have the
// same input. Keys rotate, and with them the value, save for PurposeSID: for one that
// must stay the same, remember CurrentKey once and use MACWith.
func (r *Ring) MAC(p Purpose, parts ...[]byte) []byte {
	return r.state.Load().sealing(p).mac(nil, parts)
}

// MACWith is MAC under the key with this id, current or retired. It returns
// ErrUnknownKey if the purpose has no such key.
func (r *Ring) MACWith(p Purpose, id uint32, parts ...[]byte) ([]byte, error) {
	key := r.state.Load().dataKeys[id]
	if key == nil || key.purpose != p {
		return nil, fmt.Errorf("%w: %d for %q", ErrUnknownKey, id, p)
	}
	return key.mac(nil, parts), nil
}

// CurrentKey returns the id of the key that seals and authenticates for p now.
func (r *Ring) CurrentKey(p Purpose) uint32 { return r.state.Load().sealing(p).id }

func (k *dataKey) mac(dst []byte, parts [][]byte) []byte {
	m := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	m.Reset()
	for _, part := range parts {
		binary.BigEndian.PutUint64(m.length[:], uint64(len(part)))
		m.Write(m.length[:])
		m.Write(part)
	}
	if dst == nil {
		dst = make([]byte, 0, sha256.Size)
	}
	return m.Sum(dst)
}
