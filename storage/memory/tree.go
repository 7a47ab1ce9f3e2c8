package memory

import (
	"bytes"
	"hash/maphash"
)

// tree is an immutable sorted map: changing it returns a new one that shares
// what did not change, so a snapshot is a copy of the pointer. It is a treap:
// keys are in search order, priorities in heap order, and since priorities are
// a hash of the key the shape is that of a random tree, about 40 deep for
// 100,000 keys.
type tree struct {
	*pair
	priority    uint64
	left, right *tree
}

// pair is a stored version of a key. Its address is its identity: two reads
// that got the same pointer saw the same write.
type pair struct{ key, value []byte }

var seed = maphash.MakeSeed()

func (t *tree) get(key []byte) *pair {
	for t != nil {
		order := bytes.Compare(key, t.key)
		if order == 0 {
			return t.pair
		}
		t = t.left.or(t.right, order > 0)
	}
	return nil
}

// or returns the other tree if so, else t.
func (t *tree) or(other *tree, so bool) *tree {
	if so {
		return other
	}
	return t
}

func (t *tree) put(p *pair) *tree {
	less, more := t.split(p.key)
	node := &tree{pair: p, priority: maphash.Bytes(seed, p.key)}
	return join(join(less, node), more)
}

func (t *tree) delete(key []byte) *tree {
	if t.get(key) == nil {
		return t
	}
	less, more := t.split(key)
	return join(less, more)
}

// split returns the keys below and above key, without key itself.
func (t *tree) split(key []byte) (less, more *tree) {
	if t == nil {
		return nil, nil
	}
	switch order := bytes.Compare(key, t.key); {
	case order == 0:
		return t.left, t.right
	case order < 0:
		less, rest := t.left.split(key)
		return less, &tree{t.pair, t.priority, rest, t.right}
	default:
		rest, more := t.right.split(key)
		return &tree{t.pair, t.priority, t.left, rest}, more
	}
}

// join merges two trees, all keys of the first below those of the second.
func join(less, more *tree) *tree {
	switch {
	case less == nil:
		return more
	case more == nil:
		return less
	case less.priority > more.priority:
		return &tree{less.pair, less.priority, less.left, join(less.right, more)}
	default:
		return &tree{more.pair, more.priority, join(less, more.left), more.right}
	}
}
