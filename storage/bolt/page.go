package bolt

import (
	"bytes"
	"encoding/binary"
)

// Of the layout: a page's header is id, flags, count and overflow, an element of
// a branch is position, key size and child, one of a leaf is flags, position, key
// size and value size. Positions count from the element.
const (
	branchPage  = 0x01
	leafPage    = 0x02
	elementSize = 16
	bucketLeaf  = 0x01
	bucketSize  = 16 // root and sequence, before an inline page
)

var order = binary.NativeEndian

// span is the range of keys that a page may hold, from inclusive to exclusive. least is
// the key by which its branch leads to it: of the first child it may be more than from,
// and no record below is less.
type span struct{ from, to, least []byte }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.from) >= 0 && (s.to == nil || bytes.Compare(key, s.to) < 0)
}

// of is the part of a branch's range that its i-th child may hold.
func (s span) of(all []element, i int) span {
	if i > 0 {
		s.from = all[i].key
	}
	if i+1 < len(all) {
		s.to = all[i+1].key
	}
	s.least = all[i].key
	return s
}

// element is one entry of a page.
type element struct {
	key, value []byte
	flags      uint32 // of a leaf's
	child      uint64 // of a branch's
}

// elementsOf takes a page apart, whose keys must lie within s.
func elementsOf(raw []byte, s span) (all []element, kind uint16, what string) {
	if len(raw) < pageHeader {
		return nil, 0, "it is too short"
	}
	kind, count := order.Uint16(raw[8:]), int(order.Uint16(raw[10:]))
	if kind != branchPage && kind != leafPage || kind == branchPage && count == 0 {
		return nil, 0, "it is of another kind"
	}
	if pageHeader+count*elementSize > len(raw) {
		return nil, 0, "it has more entries than room"
	}
	for i := range count {
		e, ok := elementAt(raw, i, count, kind)
		if !ok {
			return nil, 0, "an entry does not lie within it"
		}
		// A branch's first key may be less than what is left below it.
		outside := !s.holds(e.key) && (kind == leafPage || i > 0) || kind == leafPage &&
			bytes.Compare(e.key, s.least) < 0
		if outside || i > 0 && bytes.Compare(all[i-1].key, e.key) >= 0 {
			return nil, 0, "its keys are out of order"
		}
		all = append(all, e)
	}
	return all, kind, ""
}

func elementAt(raw []byte, i, count int, kind uint16) (e element, ok bool) {
	at := pageHeader + i*elementSize
	b := raw[at:]
	var pos, keySize, valueSize uint64
	if kind == branchPage {
		pos, keySize, e.child = uint64(order.Uint32(b)), uint64(order.Uint32(b[4:])), order.Uint64(b[8:])
	} else {
		e.flags, pos = order.Uint32(b), uint64(order.Uint32(b[4:]))
		keySize, valueSize = uint64(order.Uint32(b[8:])), uint64(order.Uint32(b[12:]))
	}
	start := uint64(at) + pos
	if keySize == 0 || start < uint64(pageHeader+count*elementSize) || start+keySize+valueSize > uint64(len(raw)) {
		return e, false
	}
	e.key = raw[start : start+keySize]
	e.value = raw[start+keySize : start+keySize+valueSize]
	return e, true
}
