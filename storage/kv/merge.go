package kv

// Scan merges the buffered writes into what the store holds. next walks the
// store within r.Bounds() in the range's direction, and returns a nil key at
// the end; it is called no further than the page needs.
func (b *Buffer) Scan(r Range, next func() (key, value []byte)) ([]Pair, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	m := merger{buffer: b, keys: b.between(r.Bounds()), reverse: r.Reverse, next: next}
	m.key, m.value = next()
	var page []Pair
	for len(page) < r.Limit {
		pair, ok, more := m.step()
		if !more {
			break
		}
		if ok {
			page = append(page, pair)
		}
	}
	return page, nil
}

type merger struct {
	buffer     *Buffer
	keys       []string // buffered keys not yet passed, ascending
	reverse    bool
	next       func() (key, value []byte)
	key, value []byte // where the store's walk stands
}

// step passes the nearest key of both sides. ok is false if that key is deleted
// or its write was rolled back, more is false at the end.
func (m *merger) step() (p Pair, ok, more bool) {
	order := m.compare()
	if order > 0 || (order == 0 && m.key == nil) {
		if m.key == nil {
			return Pair{}, false, false
		}
		return m.takeStored(), true, true
	}
	name := m.takeBuffered()
	e := m.buffer.entries[name]
	if e.state == unwritten {
		// Not written after all: if the store has the key, it is the next step.
		return Pair{}, false, true
	}
	if order == 0 {
		m.takeStored()
	}
	return Pair{[]byte(name), e.value}, e.state == written, true
}

// compare is negative if the buffered key comes first, positive if the stored
// one does, zero if they are the same or neither is left.
func (m *merger) compare() int {
	switch {
	case len(m.keys) == 0 && m.key == nil:
		return 0
	case len(m.keys) == 0:
		return 1
	case m.key == nil:
		return -1
	case m.reverse:
		return -compareKey(m.keys[len(m.keys)-1], m.key)
	}
	return compareKey(m.keys[0], m.key)
}

func (m *merger) takeBuffered() (key string) {
	if m.reverse {
		last := len(m.keys) - 1
		key, m.keys = m.keys[last], m.keys[:last]
		return key
	}
	key, m.keys = m.keys[0], m.keys[1:]
	return key
}

func (m *merger) takeStored() Pair {
	p := Pair{m.key, m.value}
	m.key, m.value = m.next()
	return p
}
