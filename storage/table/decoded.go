package table

import (
	"bytes"
	"sync"
)

// Decoded keeps objects made from records, to be used again while the record's
// bytes are the same. It saves the decoding, never the read, so what it returns
// is what the transaction saw.
//
// There are two generations. Once the young one is full it becomes the old one, of
// which whatever is asked for is young again, and what was old until then is forgotten:
// a store with more in use than is kept loses what rests, not everything at once.
type Decoded[T any] struct {
	mu         sync.RWMutex
	young, old map[string]kept[T]
}

type kept[T any] struct {
	raw    []byte
	object *T
}

// decodedMost bounds a generation, so that a table keeps 8,192 objects with their records
// at most. As many users with a session, a grant and its state take some 20 MiB.
const maxDecoded = 4096

// get returns the object that was made from raw. Nil if none is kept.
func (d *Decoded[T]) get(k, raw []byte) *T {
	if d == nil {
		return nil
	}
	d.mu.RLock()
	have, young := d.young[string(k)]
	if !young {
		have = d.old[string(k)]
	}
	d.mu.RUnlock()
	if have.object == nil || !bytes.Equal(have.raw, raw) {
		return nil
	}
	if !young {
		d.put(k, have)
	}
	return have.object
}

// add keeps what was made from raw. A nil cache keeps nothing.
func (d *Decoded[T]) add(k, raw []byte, v *T) {
	if d != nil {
		d.put(k, kept[T]{raw: bytes.Clone(raw), object: v})
	}
}

// Each shows all that is kept, so that tests can tell whether somebody changed it.
func (d *Decoded[T]) Each(show func(k, raw []byte, object *T)) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, generation := range []map[string]kept[T]{d.young, d.old} {
		for k, v := range generation {
			show([]byte(k), v.raw, v.object)
		}
	}
}

func (d *Decoded[T]) put(k []byte, v kept[T]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.young) >= maxDecoded {
		d.young, d.old = d.old, d.young
		clear(d.young)
	}
	if d.young == nil {
		d.young = make(map[string]kept[T])
	}
	d.young[string(k)] = v
}
