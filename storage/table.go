package storage

import (
	"bytes"
	"slices"

	"latchkey/storage/kv"
)

// table keeps the records of one noun and the index entries that lead to them in
// step: put writes the difference between the old record's entries and the new
// one's. Check uses the same declarations.
type table[T any] struct {
	name    string
	space   byte
	key     func(*T) key // the primary key, without its space
	indexes []index[T]
	cache   *decoded[T] // nil: nothing is kept
	// ready, if not nil, makes a decoded record whole: times in UTC, defaults of
	// settings it predates, what only its key says. It must depend on nothing else,
	// since its outcome is kept with the record's bytes.
	ready func(*T, key)
}

func (t *table[T]) decode(k key, raw []byte) (*T, error) {
	v := new(T)
	if err := decode(raw, v); err != nil {
		return nil, err
	}
	if t.ready != nil {
		t.ready(v, k)
	}
	return v, nil
}

func (t *table[T]) full(k key) []byte { return append([]byte{t.space}, k...) }

// get reads a record of its own, free to be changed. Nil when absent.
func (t *table[T]) get(r kv.Reader, k key) (*T, error) {
	raw, ok, err := r.Get(t.full(k))
	if err != nil || !ok {
		return nil, err
	}
	return t.decode(k, raw)
}

// shared is get for readers: it may return an object that others read too, and
// that must not be changed. The record's bytes are read all the same; only their
// decoding is saved while they are equal.
func (t *table[T]) shared(r kv.Reader, k key) (*T, error) {
	full := t.full(k)
	raw, ok, err := r.Get(full)
	if err != nil || !ok {
		return nil, err
	}
	if have := t.cache.of(full, raw); have != nil {
		return have, nil
	}
	v, err := t.decode(full[1:], raw)
	if err == nil {
		t.cache.keep(full, raw, v)
	}
	return v, err
}

// put writes v and brings the indexes in step. A unique key that belongs to
// another record is refused with Taken.
func (t *table[T]) put(tx kv.Txn, v *T) error {
	k := t.key(v)
	if err := t.index(tx, k, v); err != nil {
		return err
	}
	raw, err := encode(v)
	if err != nil {
		return err
	}
	return tx.Put(t.full(k), raw)
}

// conflict returns the *Taken that putting v would be refused with, or nil.
func (t *table[T]) conflict(r kv.Reader, v *T) error {
	primary := t.key(v)
	for _, ix := range t.indexes {
		if !ix.unique {
			continue
		}
		for _, k := range slices.Concat(ix.of(v), ix.besides(v)) {
			if err := ix.free(r, k, primary); err != nil {
				return err
			}
		}
	}
	return nil
}

// delete removes a record and its index entries; an absent one is no error.
func (t *table[T]) delete(tx kv.Txn, k key) error {
	if err := t.index(tx, k, nil); err != nil {
		return err
	}
	return tx.Delete(t.full(k))
}

// index brings the entries of the record under k in step with v; nil: none.
func (t *table[T]) index(tx kv.Txn, k key, v *T) error {
	if len(t.indexes) == 0 {
		return nil // and so no need of the old record
	}
	old, err := t.get(tx, k)
	if err != nil {
		return err
	}
	for _, ix := range t.indexes {
		if err := ix.diff(tx, k, old, v); err != nil {
			return err
		}
	}
	return nil
}

// fill writes the entries that index i has of up to limit records after a key, into a
// file of a schema before it. It returns the key to go on after; nil at the end.
func (t *table[T]) fill(tx kv.Txn, i int, after []byte, limit int) ([]byte, error) {
	pairs, err := tx.Scan(kv.Range{Prefix: []byte{t.space}, After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		v, err := t.decode(p.Key[1:], p.Value)
		if err != nil {
			continue // a record that cannot be read is for Check to name, and no reason not to start
		}
		for _, k := range t.indexes[i].of(v) {
			if err := tx.Put(t.indexes[i].entry(k, key(p.Key[1:]))); err != nil {
				return nil, err
			}
		}
	}
	return goOn(pairs, limit), nil
}

// find follows a unique index. Nil when absent.
func (t *table[T]) find(r kv.Reader, i int, k key) (*T, error) {
	primary, ok, err := r.Get(append([]byte{t.indexes[i].space}, k...))
	if err != nil || !ok {
		return nil, err
	}
	return t.get(r, primary)
}

// page is a slice of a table or an index in key order. Next is the key to go on
// after; nil at the end.
type page[T any] struct {
	items []*T
	next  []byte
}

// scan reads up to limit records whose primary key begins with prefix.
func (t *table[T]) scan(r kv.Reader, prefix key, after []byte, limit int, reverse bool) (page[T], error) {
	pairs, err := r.Scan(kv.Range{Prefix: t.full(prefix), After: after, Limit: limit, Reverse: reverse})
	if err != nil {
		return page[T]{}, err
	}
	p := page[T]{items: make([]*T, 0, len(pairs))}
	for _, pair := range pairs {
		v, err := t.decode(pair.Key[1:], pair.Value)
		if err != nil {
			return page[T]{}, err
		}
		p.items = append(p.items, v)
	}
	p.next = goOn(pairs, limit)
	return p, nil
}

// scanIndex reads up to limit records through a non-unique index.
func (t *table[T]) scanIndex(r kv.Reader, i int, prefix key, after []byte, limit int, reverse bool) (page[T], error) {
	pairs, err := r.Scan(kv.Range{
		Prefix: append([]byte{t.indexes[i].space}, prefix...), After: after, Limit: limit, Reverse: reverse})
	if err != nil {
		return page[T]{}, err
	}
	p := page[T]{}
	for _, pair := range pairs {
		v, err := t.get(r, pair.Value)
		if err != nil {
			return page[T]{}, err
		}
		if v != nil {
			p.items = append(p.items, v)
		}
	}
	p.next = goOn(pairs, limit)
	return p, nil
}

func goOn(pairs []kv.Pair, limit int) []byte {
	if len(pairs) < limit {
		return nil
	}
	return bytes.Clone(pairs[len(pairs)-1].Key)
}
