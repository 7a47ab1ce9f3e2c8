package kv

import "slices"

// Buffer holds writes that are not committed yet, over a store that does not
// change meanwhile. Engines build transactions on it.
//
// It serves a batch: several transactions run after each other, each between
// Begin and either the next Begin, which keeps its writes, or Rollback, which
// drops them alone. Later ones see the kept writes of earlier ones. The zero
// value is not usable, see NewBuffer. Not safe for concurrent use.
type Buffer struct {
	entries map[string]entry
	// sorted and fresh together hold every key of entries once. New keys go to
	// fresh and are sorted in only when a scan needs them.
	sorted, fresh []string
	pending       int // entries that are not unwritten
	bytes         int // of all kept keys and values, and those of the transaction

	undo         []undo
	writes, size int // of the running transaction, against the limits
	err          error
}

type entry struct {
	state state
	value []byte
}

// state of a buffered key. The zero value is what the map answers for a key it
// lacks, and what Rollback leaves.
type state byte

const (
	unwritten state = iota
	written
	deleted
)

type undo struct {
	key  string
	prev entry
}

// NewBuffer returns an empty buffer with a transaction begun.
func NewBuffer() *Buffer { return &Buffer{entries: make(map[string]entry)} }

// Begin starts a transaction and keeps the writes of the one before.
func (b *Buffer) Begin() {
	b.undo = b.undo[:0]
	b.writes, b.size, b.err = 0, 0, nil
}

// Rollback drops the writes of the running transaction.
func (b *Buffer) Rollback() {
	for _, u := range slices.Backward(b.undo) {
		b.set(u.key, u.prev)
	}
	b.Begin()
}

// Put buffers a copy of the pair.
func (b *Buffer) Put(key, value []byte) error {
	if err := b.spend(key, value); err != nil {
		return err
	}
	// Never nil: an empty value is not an absent one.
	b.write(string(key), entry{written, append([]byte{}, value...)})
	return nil
}

// Delete buffers a deletion.
func (b *Buffer) Delete(key []byte) error {
	if err := b.spend(key, nil); err != nil {
		return err
	}
	b.write(string(key), entry{state: deleted})
	return nil
}

// Err is the first error Put or Delete returned in the running transaction. A
// transaction that has one must not commit, even if its closure ignored it.
func (b *Buffer) Err() error { return b.err }

// Get tells what is buffered for a key: buffered is false if the store decides,
// ok is false if the key is deleted.
func (b *Buffer) Get(key []byte) (value []byte, ok, buffered bool) {
	e := b.entries[string(key)]
	return e.value, e.state == written, e.state != unwritten
}

// Len is the number of keys with a buffered write, Bytes about what they hold.
func (b *Buffer) Len() int   { return b.pending }
func (b *Buffer) Bytes() int { return b.bytes }

// Each calls fn with every buffered write in key order until fn fails. A value
// of nil is a deletion. The key is valid only during the call.
func (b *Buffer) Each(fn func(key, value []byte) error) error {
	b.sort()
	var key []byte
	for _, k := range b.sorted {
		e := b.entries[k]
		if e.state == unwritten {
			continue
		}
		key = append(key[:0], k...)
		if err := fn(key, e.value); err != nil {
			return err
		}
	}
	return nil
}

// spend counts a write against the limits before it is buffered, so that an
// endless closure cannot fill the memory first.
func (b *Buffer) spend(key, value []byte) error {
	switch {
	case b.err != nil:
	case len(key) == 0 || len(key) > MaxKey:
		b.err = ErrKey
	case b.writes+1 > MaxWrites || b.size+len(key)+len(value) > MaxBytes:
		b.err = ErrTooLarge
	default:
		b.writes++
		b.size += len(key) + len(value)
	}
	return b.err
}

func (b *Buffer) write(key string, e entry) {
	prev, known := b.entries[key]
	if !known {
		b.fresh = append(b.fresh, key)
	}
	b.undo = append(b.undo, undo{key, prev})
	b.set(key, e)
}

func (b *Buffer) set(key string, e entry) {
	prev := b.entries[key]
	b.pending += weight(e.state) - weight(prev.state)
	b.bytes += weight(e.state)*len(key) + len(e.value) - weight(prev.state)*len(key) - len(prev.value)
	b.entries[key] = e
}

func weight(s state) int {
	if s == unwritten {
		return 0
	}
	return 1
}

// sort brings fresh keys into sorted. A few are inserted one by one, so that a
// batch of small transactions that each scan does not sort everything each time.
func (b *Buffer) sort() {
	const few = 64
	if len(b.fresh) > few {
		b.sorted = append(b.sorted, b.fresh...)
		slices.Sort(b.sorted)
	} else {
		for _, k := range b.fresh {
			at, _ := slices.BinarySearch(b.sorted, k)
			b.sorted = slices.Insert(b.sorted, at, k)
		}
	}
	b.fresh = b.fresh[:0]
}

// between returns the buffered keys from inclusive from to exclusive to.
func (b *Buffer) between(from, to []byte) []string {
	b.sort()
	lo, _ := slices.BinarySearchFunc(b.sorted, from, compareKey)
	hi := len(b.sorted)
	if to != nil {
		hi, _ = slices.BinarySearchFunc(b.sorted, to, compareKey)
	}
	return b.sorted[lo:max(lo, hi)]
}

// compareKey compares without allocating, as the compiler does for these
// conversions.
func compareKey(k string, target []byte) int {
	switch {
	case k < string(target):
		return -1
	case k == string(target):
		return 0
	}
	return 1
}
