package memory

import (
	"bytes"

	"latchkey/storage/kv"
)

// txn is one run of a closure over a snapshot. It remembers what it read of
// the snapshot, which is what validation compares; reads of its own writes
// need none.
type txn struct {
	base     *tree
	buffer   *kv.Buffer // nil in a View
	points   map[string]*pair
	ranges   []scanned
	finished bool
}

// scanned is a range as it was found. Keys that appear or vanish in the part
// walked change what the same walk finds.
type scanned struct {
	r     kv.Range
	pairs []*pair
	ended bool // the walk went to the end of the range
}

func (t *txn) Prefetch(...[]byte) {}

func (t *txn) Get(key []byte) ([]byte, bool, error) {
	if t.finished {
		return nil, false, kv.ErrFinished
	}
	if t.buffer != nil {
		if value, ok, buffered := t.buffer.Get(key); buffered {
			return bytes.Clone(value), ok, nil
		}
	}
	p := t.base.get(key)
	if t.points != nil {
		t.points[string(key)] = p
	}
	if p == nil {
		return nil, false, nil
	}
	return bytes.Clone(p.value), true, nil
}

func (t *txn) Scan(r kv.Range) ([]kv.Pair, error) {
	if t.finished {
		return nil, kv.ErrFinished
	}
	// The caller may change the slices after the call, the record may not.
	r.Prefix, r.After = bytes.Clone(r.Prefix), bytes.Clone(r.After)
	seen := scanned{r: r}
	w := newWalk(t.base, r)
	next := func() (key, value []byte) {
		p := w.next()
		if p == nil {
			seen.ended = true
			return nil, nil
		}
		seen.pairs = append(seen.pairs, p)
		return bytes.Clone(p.key), bytes.Clone(p.value)
	}
	if t.buffer == nil {
		return kv.NewBuffer().Scan(r, next)
	}
	page, err := t.buffer.Scan(r, next)
	t.ranges = append(t.ranges, seen)
	for i := range page {
		page[i].Value = bytes.Clone(page[i].Value) // perhaps the buffer's own
	}
	return page, err
}

func (t *txn) Put(key, value []byte) error {
	if t.finished {
		return kv.ErrFinished
	}
	return t.buffer.Put(key, value)
}

func (t *txn) Delete(key []byte) error {
	if t.finished {
		return kv.ErrFinished
	}
	return t.buffer.Delete(key)
}

// holds tells whether everything read is the same in the newest state.
func (t *txn) holds(now *tree) bool {
	if now == t.base {
		return true
	}
	for key, p := range t.points {
		if now.get([]byte(key)) != p {
			return false
		}
	}
	for _, s := range t.ranges {
		if !s.holds(now) {
			return false
		}
	}
	return true
}

func (s scanned) holds(now *tree) bool {
	w := newWalk(now, s.r)
	for _, p := range s.pairs {
		if w.next() != p {
			return false
		}
	}
	return !s.ended || w.next() == nil
}

// apply returns the state with the buffered writes.
func (t *txn) apply(now *tree) *tree {
	_ = t.buffer.Each(func(key, value []byte) error {
		if value == nil {
			now = now.delete(key)
		} else {
			now = now.put(&pair{bytes.Clone(key), value})
		}
		return nil
	})
	return now
}
