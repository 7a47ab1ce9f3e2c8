package bolt

import (
	"go.etcd.io/bbolt"

	"latchkey/storage/kv"
)

// walk steps a cursor through a range of committed keys.
type walk struct {
	cursor   *bbolt.Cursor
	from, to []byte
	step     func() (key, value []byte)
	begun    bool
	reverse  bool
	ended    bool
}

func newWalk(b *bbolt.Bucket, r kv.Range) *walk {
	w := &walk{cursor: b.Cursor(), reverse: r.Reverse}
	w.from, w.to = r.Bounds()
	if w.step = w.cursor.Next; r.Reverse {
		w.step = w.cursor.Prev
	}
	return w
}

// next returns a nil key at the end, and again whenever it is asked.
func (w *walk) next() (key, value []byte) {
	switch {
	case w.ended:
		return nil, nil
	case w.begun:
		key, value = w.step()
	case w.reverse:
		key, value = w.last()
	default:
		key, value = w.cursor.Seek(w.from)
	}
	w.begun = true
	if key == nil || !kv.Within(key, w.from, w.to) {
		w.ended = true
		return nil, nil
	}
	return key, value
}

// last finds the last key below the bound.
func (w *walk) last() (key, value []byte) {
	if w.to != nil {
		if key, _ := w.cursor.Seek(w.to); key != nil {
			return w.cursor.Prev()
		}
	}
	return w.cursor.Last()
}
