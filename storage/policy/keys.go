package policy

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
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
	Due       time.Time `cbor:"9,keyasint,omitzero"` // of a next key: when it is to sign
}

// KeySet is every key, in one record: all of them are read together and a change
// of any is a change of the set.
type KeySet struct {
	Canary      []byte       `cbor:"1,keyasint"` // sealed under the master key: detects a wrong one
	DataKeys    []DataKey    `cbor:"2,keyasint"`
	SigningKeys []SigningKey `cbor:"3,keyasint"`
	Epoch       uint64       `cbor:"4,keyasint"`           // one more at every change; 0: nothing stored yet
	Master      string       `cbor:"5,keyasint,omitempty"` // the master key's fingerprint, to say which key is missing
}

// Keys holds the key set.
type Keys struct{ policy *Policy }

func keyTable() table.Table[KeySet] {
	return table.Table[KeySet]{Name: "keys", Space: table.SpaceKeys, Key: func(*KeySet) table.Key { return nil },
		Ready: (*KeySet).ready}
}

func (s *KeySet) ready(table.Key) {
	for i := range s.DataKeys {
		table.InUTC(&s.DataKeys[i].Created, &s.DataKeys[i].Retired)
	}
	for i := range s.SigningKeys {
		k := &s.SigningKeys[i]
		table.InUTC(&k.Created, &k.Activated, &k.Retired, &k.Due)
	}
}

// Load returns the stored key set; Epoch 0 when nothing was ever stored.
func (k Keys) Load(ctx context.Context) (KeySet, error) {
	return table.View(ctx, k.policy.DB, func(r kv.Reader) (KeySet, error) { return k.load(r) })
}

func (k Keys) load(r kv.Reader) (KeySet, error) {
	set, err := k.policy.keys.Get(r, nil)
	if err != nil || set == nil {
		return KeySet{}, err
	}
	return *set, nil
}

// KeyNote is what the audit trail keeps of a change to the keys.
type KeyNote struct {
	By     storage.Actor
	Act    audit.Act
	Detail string
}

// Replace stores set as the successor of the set with the epoch old, and returns
// what is stored then. If another process was first that is its set, under the
// same epoch perhaps: nothing of this one was kept, the notes neither, so go on
// from what is returned. Whoever is named in a note must be allowed to manage, else
// ErrForbidden.
func (k Keys) Replace(ctx context.Context, old uint64, set KeySet, notes ...KeyNote) (KeySet, error) {
	events := make([]*audit.Event, len(notes))
	for i, n := range notes {
		if err := n.By.MayManage(); err != nil {
			return KeySet{}, err
		}
		note := k.policy.Trail.Note(n.By, n.Act)
		events[i] = note.About(storage.ID{}, "", n.Detail)
	}
	return table.Update(ctx, k.policy.DB, func(tx kv.Txn) (KeySet, error) {
		have, err := k.load(tx)
		if err != nil || have.Epoch != old {
			return have, err
		}
		next := set
		next.Epoch = old + 1
		for _, e := range events {
			if err := k.policy.Trail.Audit.Put(tx, e); err != nil {
				return KeySet{}, err
			}
		}
		return next, k.policy.keys.Put(tx, &next)
	})
}
