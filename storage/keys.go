package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// DataKey is a symmetric key, wrapped by the master key. Package keys makes and
// opens them; here they are bytes.
type DataKey struct {
	ID      uint32    `cbor:"1,keyasint"`
	Purpose string    `cbor:"2,keyasint"`
	Sealed  []byte    `cbor:"3,keyasint"`
	Created time.Time `cbor:"4,keyasint"`
	Retired time.Time `cbor:"5,keyasint"` // zero: seals; else only opens what it sealed
}

// KeyState is where a signing key stands in its rotation.
type KeyState string

// A signing key is published before it signs and verifies after it has signed.
const (
	KeyNext    KeyState = "next"
	KeyCurrent KeyState = "current"
	KeyRetired KeyState = "retired"
)

// SigningKey is an asymmetric key pair, its private half sealed.
type SigningKey struct {
	ID        string    `cbor:"1,keyasint"` // kid
	Algorithm string    `cbor:"2,keyasint"` // as in RFC 7518 section 3.1
	State     KeyState  `cbor:"3,keyasint"`
	Public    []byte    `cbor:"4,keyasint"` // JWK, JSON
	Sealed    []byte    `cbor:"5,keyasint"` // PKCS#8 DER, sealed by a data key
	Created   time.Time `cbor:"6,keyasint"`
	Activated time.Time `cbor:"7,keyasint"`
	Retired   time.Time `cbor:"8,keyasint"`
}

// KeySet is every key, in one record: all of them are read together and a change
// of any is a change of the set.
type KeySet struct {
	Canary      []byte       `cbor:"1,keyasint"` // sealed under the master key: detects a wrong one
	DataKeys    []DataKey    `cbor:"2,keyasint"`
	SigningKeys []SigningKey `cbor:"3,keyasint"`
	Epoch       uint64       `cbor:"4,keyasint"` // one more at every change; 0: nothing stored yet
}

// Keys holds the key set.
type Keys struct{ b *base }

func keyTable() table[KeySet] {
	return table[KeySet]{name: "keys", space: spaceKeys, key: func(*KeySet) key { return nil },
		ready: (*KeySet).ready}
}

func (s *KeySet) ready(key) {
	for i := range s.DataKeys {
		inUTC(&s.DataKeys[i].Created, &s.DataKeys[i].Retired)
	}
	for i := range s.SigningKeys {
		k := &s.SigningKeys[i]
		inUTC(&k.Created, &k.Activated, &k.Retired)
	}
}

// Load returns the stored key set; Epoch 0 when nothing was ever stored.
func (k Keys) Load(ctx context.Context) (KeySet, error) {
	return view(ctx, k.b, func(r kv.Reader) (KeySet, error) { return k.load(r) })
}

func (k Keys) load(r kv.Reader) (KeySet, error) {
	set, err := k.b.keys.get(r, nil)
	if err != nil || set == nil {
		return KeySet{}, err
	}
	return *set, nil
}

// Replace stores set as the successor of the set with the epoch old, and returns
// what is stored then. If another process was first that is its set, under the
// same epoch perhaps: nothing of this one was kept, so go on from what is
// returned.
func (k Keys) Replace(ctx context.Context, old uint64, set KeySet) (KeySet, error) {
	return update(ctx, k.b, func(tx kv.Txn) (KeySet, error) {
		have, err := k.load(tx)
		if err != nil || have.Epoch != old {
			return have, err
		}
		next := set
		next.Epoch = old + 1
		return next, k.b.keys.put(tx, &next)
	})
}
