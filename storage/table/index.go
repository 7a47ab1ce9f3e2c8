package table

import (
	"bytes"
	"slices"

	"latchkey/storage"
	"latchkey/storage/kv"
)

// Index leads from other keys to a record. A unique one maps key to primary key;
// the others hold key ‖ primary key.
type Index[T any] struct {
	Field  string // what Taken names
	Space  byte
	Unique bool
	Keys   func(*T) []Key // no keys: not in this index
	// alike, of a unique index, are keys that mean the same as those of keys: no other
	// record may have them, though this one is not stored under them. nil: none.
	Alike func(*T) []Key
	// since is the schema from which on a file has the index; 0: every file has it.
	Since uint64
}

func (ix Index[T]) keysOf(v *T) []Key {
	if v == nil {
		return nil
	}
	return ix.Keys(v)
}

// reservedKeys are the keys that v must have to itself without being stored under them.
func (ix Index[T]) reservedKeys(v *T) []Key {
	if v == nil || ix.Alike == nil {
		return nil
	}
	return ix.Alike(v)
}

// checkFree returns *Taken if another record than the one under primary has the key.
func (ix Index[T]) checkFree(r kv.Reader, k, primary Key) error {
	full, _ := ix.entry(k, primary)
	if have, ok, err := r.Get(full); err != nil || ok && !bytes.Equal(have, primary) {
		return storage.ErrOr(err, &storage.Taken{Field: ix.Field})
	}
	return nil
}

func (ix Index[T]) entry(k, primary Key) ([]byte, []byte) {
	full := append([]byte{ix.Space}, k...)
	if !ix.Unique {
		full = append(full, primary...)
	}
	return full, primary
}

func (ix Index[T]) updateEntries(tx kv.Txn, primary Key, old, new *T) error {
	before, after := ix.keysOf(old), ix.keysOf(new)
	has := func(ks []Key, k Key) bool {
		return slices.ContainsFunc(ks, func(o Key) bool { return bytes.Equal(o, k) })
	}
	for _, k := range before {
		if has(after, k) {
			continue
		}
		full, _ := ix.entry(k, primary)
		if err := tx.Delete(full); err != nil {
			return err
		}
	}
	for _, k := range after {
		if has(before, k) {
			continue
		}
		full, value := ix.entry(k, primary)
		if ix.Unique {
			if err := ix.checkFree(tx, k, primary); err != nil {
				return err
			}
		}
		if err := tx.Put(full, value); err != nil {
			return err
		}
	}
	known := ix.reservedKeys(old)
	for _, k := range ix.reservedKeys(new) {
		if has(known, k) {
			continue
		}
		if err := ix.checkFree(tx, k, primary); err != nil {
			return err
		}
	}
	return nil
}
