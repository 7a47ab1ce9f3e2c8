package storage

import (
	"bytes"
	"sync"
)

// decoded keeps objects made from records, to be used again while the record's
// bytes are the same. It saves the decoding, never the read, so what it returns
// is what the transaction saw.
type decoded[T any] struct {
	mu   sync.RWMutex
	kept map[string]kept[T]
}

type kept[T any] struct {
	raw    []byte
	object *T
}

// decodedMost bounds a cache; past it the cache starts again from nothing, which
// costs one decoding each and needs no bookkeeping on reads.
const decodedMost = 4096

// of returns the object that was made from raw. Nil if none is kept.
func (d *decoded[T]) of(k, raw []byte) *T {
	if d == nil {
		return nil
	}
	d.mu.RLock()
	have, ok := d.kept[string(k)]
	d.mu.RUnlock()
	if !ok || !bytes.Equal(have.raw, raw) {
		return nil
	}
	return have.object
}

// keep keeps what was made from raw. A nil cache keeps nothing.
func (d *decoded[T]) keep(k, raw []byte, v *T) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= decodedMost {
		d.kept = make(map[string]kept[T])
	}
	d.kept[string(k)] = kept[T]{raw: bytes.Clone(raw), object: v}
}
