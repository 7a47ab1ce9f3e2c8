package storage

import (
	"bytes"
	"slices"

	"latchkey/storage/kv"
)

// index leads from other keys to a record. A unique one maps key to primary key;
// the others hold key ‖ primary key.
type index[T any] struct {
	field  string // what Taken names
	space  byte
	unique bool
	keys   func(*T) []key // no keys: not in this index
}

func (ix index[T]) of(v *T) []key {
	if v == nil {
		return nil
	}
	return ix.keys(v)
}

func (ix index[T]) entry(k, primary key) ([]byte, []byte) {
	full := append([]byte{ix.space}, k...)
	if !ix.unique {
		full = append(full, primary...)
	}
	return full, primary
}

func (ix index[T]) diff(tx kv.Txn, primary key, old, new *T) error {
	before, after := ix.of(old), ix.of(new)
	has := func(ks []key, k key) bool {
		return slices.ContainsFunc(ks, func(o key) bool { return bytes.Equal(o, k) })
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
		if ix.unique {
			if _, taken, err := tx.Get(full); err != nil || taken {
				return errOr(err, &Taken{Field: ix.field})
			}
		}
		if err := tx.Put(full, value); err != nil {
			return err
		}
	}
	return nil
}
