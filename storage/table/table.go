package table

import (
	"bytes"
	"slices"

	"latchkey/storage/kv"
)

// Table keeps the records of one noun and the index entries that lead to them in
// step: put writes the difference between the old record's entries and the new
// one's. Check uses the same declarations.
type Table[T any] struct {
	Name    string
	Space   byte
	Key     func(*T) Key // the primary key, without its space
	Indexes []Index[T]
	Cache   *Decoded[T] // nil: nothing is kept
	// ready, if not nil, makes a decoded record whole: times in UTC, defaults of
	// settings it predates, what only its key says. It must depend on nothing else,
	// since its outcome is kept with the record's bytes.
	Ready func(*T, Key)
}

func (t *Table[T]) Decode(k Key, raw []byte) (*T, error) {
	v := new(T)
	if err := Decode(raw, v); err != nil {
		return nil, err
	}
	if t.Ready != nil {
		t.Ready(v, k)
	}
	return v, nil
}

func (t *Table[T]) FullKey(k Key) []byte { return append([]byte{t.Space}, k...) }

// Get reads a record of its own, free to be changed. Nil when absent.
func (t *Table[T]) Get(r kv.Reader, k Key) (*T, error) {
	raw, ok, err := r.Get(t.FullKey(k))
	if err != nil || !ok {
		return nil, err
	}
	return t.Decode(k, raw)
}

// Shared is get for readers: it may return an object that others read too, and
// that must not be changed. The record's bytes are read all the same; only their
// decoding is saved while they are equal.
func (t *Table[T]) Shared(r kv.Reader, k Key) (*T, error) {
	full := t.FullKey(k)
	raw, ok, err := r.Get(full)
	if err != nil || !ok {
		return nil, err
	}
	if have := t.Cache.get(full, raw); have != nil {
		return have, nil
	}
	v, err := t.Decode(full[1:], raw)
	if err == nil {
		t.Cache.add(full, raw, v)
	}
	return v, err
}

// Put writes v and brings the indexes in step. A unique key that belongs to
// another record is refused with Taken.
func (t *Table[T]) Put(tx kv.Txn, v *T) error {
	k := t.Key(v)
	if err := t.updateIndexes(tx, k, v); err != nil {
		return err
	}
	raw, err := Encode(v)
	if err != nil {
		return err
	}
	return tx.Put(t.FullKey(k), raw)
}

// CheckUnique returns the *Taken that putting v would be refused with, or nil.
func (t *Table[T]) CheckUnique(r kv.Reader, v *T) error {
	primary := t.Key(v)
	for _, ix := range t.Indexes {
		if !ix.Unique {
			continue
		}
		for _, k := range slices.Concat(ix.keysOf(v), ix.reservedKeys(v)) {
			if err := ix.checkFree(r, k, primary); err != nil {
				return err
			}
		}
	}
	return nil
}

// Delete removes a record and its index entries; an absent one is no error.
func (t *Table[T]) Delete(tx kv.Txn, k Key) error {
	if err := t.updateIndexes(tx, k, nil); err != nil {
		return err
	}
	return tx.Delete(t.FullKey(k))
}

// updateIndexes brings the entries of the record under k in step with v; nil: none.
func (t *Table[T]) updateIndexes(tx kv.Txn, k Key, v *T) error {
	if len(t.Indexes) == 0 {
		return nil // and so no need of the old record
	}
	old, err := t.Get(tx, k)
	if err != nil {
		return err
	}
	for _, ix := range t.Indexes {
		if err := ix.updateEntries(tx, k, old, v); err != nil {
			return err
		}
	}
	return nil
}

// FillIndex writes the entries that index i has of up to limit records after a key, into a
// file of a schema before it. It returns the key to go on after; nil at the end.
func (t *Table[T]) FillIndex(tx kv.Txn, i int, after []byte, limit int) ([]byte, error) {
	pairs, err := tx.Scan(kv.Range{Prefix: []byte{t.Space}, After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		v, err := t.Decode(p.Key[1:], p.Value)
		if err != nil {
			continue // a record that cannot be read is for Check to name, and no reason not to start
		}
		for _, k := range t.Indexes[i].keysOf(v) {
			if err := tx.Put(t.Indexes[i].entry(k, Key(p.Key[1:]))); err != nil {
				return nil, err
			}
		}
	}
	return CursorAfter(pairs, limit), nil
}

// Find follows a unique index. Nil when absent.
func (t *Table[T]) Find(r kv.Reader, i int, k Key) (*T, error) {
	primary, ok, err := r.Get(append([]byte{t.Indexes[i].Space}, k...))
	if err != nil || !ok {
		return nil, err
	}
	return t.Get(r, primary)
}

// Page is a slice of a table or an index in key order. Next is the key to go on
// after; nil at the end.
type Page[T any] struct {
	Items []*T
	Next  []byte
}

// Scan reads up to limit records whose primary key begins with prefix.
func (t *Table[T]) Scan(r kv.Reader, prefix Key, after []byte, limit int, reverse bool) (Page[T], error) {
	pairs, err := r.Scan(kv.Range{Prefix: t.FullKey(prefix), After: after, Limit: limit, Reverse: reverse})
	if err != nil {
		return Page[T]{}, err
	}
	p := Page[T]{Items: make([]*T, 0, len(pairs))}
	for _, pair := range pairs {
		v, err := t.Decode(pair.Key[1:], pair.Value)
		if err != nil {
			return Page[T]{}, err
		}
		p.Items = append(p.Items, v)
	}
	p.Next = CursorAfter(pairs, limit)
	return p, nil
}

// ScanIndex reads up to limit records through a non-unique index.
func (t *Table[T]) ScanIndex(r kv.Reader, i int, prefix Key, after []byte, limit int, reverse bool) (Page[T], error) {
	pairs, err := r.Scan(kv.Range{
		Prefix: append([]byte{t.Indexes[i].Space}, prefix...), After: after, Limit: limit, Reverse: reverse})
	if err != nil {
		return Page[T]{}, err
	}
	p := Page[T]{}
	for _, pair := range pairs {
		v, err := t.Get(r, pair.Value)
		if err != nil {
			return Page[T]{}, err
		}
		if v != nil {
			p.Items = append(p.Items, v)
		}
	}
	p.Next = CursorAfter(pairs, limit)
	return p, nil
}

func CursorAfter(pairs []kv.Pair, limit int) []byte {
	if len(pairs) < limit {
		return nil
	}
	return bytes.Clone(pairs[len(pairs)-1].Key)
}
