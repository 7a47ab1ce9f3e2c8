package kv

import "bytes"

// Check returns ErrLimit if the limit is missing or too high.
func (r Range) Check() error {
	if r.Limit < 1 || r.Limit > MaxPage {
		return ErrLimit
	}
	return nil
}

// Bounds returns the keys the range covers: from is inclusive, to exclusive
// and nil if nothing bounds it. The range is empty if to is not nil and not
// above from. Prefix, After and direction are thereby said once, and engines
// only walk between two keys.
func (r Range) Bounds() (from, to []byte) {
	from, to = r.Prefix, successor(r.Prefix)
	if len(r.After) == 0 {
		return from, to
	}
	if r.Reverse {
		if to == nil || bytes.Compare(r.After, to) < 0 {
			to = r.After
		}
		return from, to
	}
	// The smallest key above After is After with a zero byte behind it.
	if next := append(bytes.Clone(r.After), 0); bytes.Compare(next, from) > 0 {
		from = next
	}
	return from, to
}

// successor returns the smallest key above all keys with the prefix, or nil if
// there is none: the prefix is empty or holds only 0xff.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			next := bytes.Clone(prefix[:i+1])
			next[i]++
			return next
		}
	}
	return nil
}

// Within tells whether from <= key < to, with the meaning Bounds gives them.
func Within(key, from, to []byte) bool {
	return bytes.Compare(key, from) >= 0 && (to == nil || bytes.Compare(key, to) < 0)
}
