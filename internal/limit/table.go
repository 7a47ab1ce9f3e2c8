package limit

import (
	"hash/maphash"
	"slices"
	"sync"
)

// ways is how many keys share a set. Of a full set the key that was used longest ago goes.
const ways = 8

// Table keeps a state S for each of many keys, in memory that grows with use up to a
// fixed size, and forgets when the process ends. A key that has no state yet has the zero
// S. Where there are more keys than the table holds, those that were used longest ago
// begin anew: nobody waits for what others did.
//
// Keys are kept as hashes with a seed of this process. Two keys share a state once in
// 2^64 pairs.
type Table[S any] struct {
	mu   sync.Mutex
	seed maphash.Seed
	size int          // sets
	sets [][]entry[S] // nil before the first use
}

type entry[S any] struct {
	key   uint64
	state S
}

// NewTable returns a table of about size keys.
func NewTable[S any](size int) *Table[S] {
	return &Table[S]{seed: maphash.MakeSeed(), size: max(1, size/ways)}
}

// With calls do with the state of a key, which do may change. Calls come one at a time,
// so do must not wait for anything.
func (t *Table[S]) With(key string, do func(*S)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sets == nil {
		t.sets = make([][]entry[S], t.size)
	}
	hash := maphash.String(t.seed, key)
	set := &t.sets[hash%uint64(len(t.sets))]
	i := slices.IndexFunc(*set, func(e entry[S]) bool { return e.key == hash })
	e := entry[S]{key: hash}
	if i >= 0 {
		e = (*set)[i]
	} else if i = len(*set); i < ways {
		*set = append(*set, e)
	} else {
		i = ways - 1
	}
	do(&e.state)
	copy((*set)[1:i+1], (*set)[:i]) // the one used last stands in front
	(*set)[0] = e
}
