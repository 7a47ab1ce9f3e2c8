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
	// alike, of a unique index, are keys that mean the same as those of keys: no other
	// record may have them, though this one is not stored under them. nil: none.
	alike func(*T) []key
	// since is the schema from which on a file has the index; 0: every file has it.
	since uint64
}

func (ix index[T]) of(v *T) []key {
	if v == nil {
		return nil
	}
	return ix.keys(v)
}

// besides are the keys that v must have to itself without being stored under them.
func (ix index[T]) besides(v *T) []key {
	if v == nil || ix.alike == nil {
		return nil
	}
	return ix.alike(v)
}

// free returns *Taken if another record than the one under primary has the key.
func (ix index[T]) free(r kv.Reader, k, primary key) error {
	full, _ := ix.entry(k, primary)
	if have, ok, err := r.Get(full); err != nil || ok && !bytes.Equal(have, primary) {
		return errOr(err, &Taken{Field: ix.field})
	}
	return nil
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
			if err := ix.free(tx, k, primary); err != nil {
				return err
			}
		}
		if err := tx.Put(full, value); err != nil {
			return err
		}
	}
	known := ix.besides(old)
	for _, k := range ix.besides(new) {
		if has(known, k) {
			continue
		}
		if err := ix.free(tx, k, primary); err != nil {
			return err
		}
	}
	return nil
}
