package memory

import (
	"bytes"

	"latchkey/storage/kv"
)

// walk steps through the pairs of a range. It keeps the nodes still to visit,
// nearest last.
type walk struct {
	from, to []byte
	reverse  bool
	path     []*tree
}

func newWalk(t *tree, r kv.Range) *walk {
	w := &walk{reverse: r.Reverse}
	w.from, w.to = r.Bounds()
	w.descend(t)
	return w
}

// descend stacks the way to the nearest pair within the bounds below t.
func (w *walk) descend(t *tree) {
	for t != nil {
		switch {
		case bytes.Compare(t.key, w.from) < 0:
			t = t.right
		case w.to != nil && bytes.Compare(t.key, w.to) >= 0:
			t = t.left
		default:
			w.path = append(w.path, t)
			t = t.left.or(t.right, w.reverse)
		}
	}
}

// next returns nil at the end.
func (w *walk) next() *pair {
	last := len(w.path) - 1
	if last < 0 {
		return nil
	}
	t := w.path[last]
	w.path = w.path[:last]
	w.descend(t.right.or(t.left, w.reverse))
	return t.pair
}
