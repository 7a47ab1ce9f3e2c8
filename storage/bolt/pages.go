package bolt

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
)

// Damage is a page that cannot be trusted, and with it every pair whose key is
// at least From and less than To; nil bounds are open. Pairs that other pages
// hold are not concerned.
type Damage struct {
	Page     uint64
	What     string
	From, To []byte
}

// pages walks the tree of one state of a file. bbolt believes what pages say: a
// flipped bit can make it panic, read what is not there or run in circles until
// the process ends. So this reads by itself, believes nothing, and looks at each
// page once. A file it finds nothing wrong with is safe to open.
type pages struct {
	file  io.ReaderAt
	bytes uint64 // that the file has
	size  uint64 // of a page, in bytes
	count uint64 // of the state: ids are less
	sums  []uint32
	put   putter // nil: nobody wants the pairs
	err   error  // of put
	seen  []bool // by page, as far as the file goes
	depth int
	found []Damage
}

// deepest is how many levels a tree may have. One of billions of keys has ten.
const deepest = 50

// walkState finds the damage of the state whose tree of buckets begins at root.
func (p *pages) walkState(root uint64) []Damage {
	p.seen = make([]bool, min(p.count, p.bytes/p.size))
	p.walk(root, span{}, p.bucket)
	return p.found
}

// bucket goes on from the leaf that names Latchkey's bucket, and nothing else.
func (p *pages) bucket(all []element) (what string) {
	if len(all) != 1 || string(all[0].key) != string(bucketName) ||
		all[0].flags != bucketLeaf || len(all[0].value) < bucketSize {
		return "it does not lead to Latchkey's records"
	}
	value := all[0].value
	if at := order.Uint64(value); at != 0 {
		p.walk(at, span{}, p.records)
		return ""
	}
	// A bucket this small stands in its parent, as a page without a number.
	records, kind, what := elementsOf(value[bucketSize:], span{})
	if what != "" || kind != leafPage {
		return cmp.Or(what, "it does not lead to Latchkey's records")
	}
	return p.records(records)
}

// records gives the pairs of a leaf to whoever wants them.
func (p *pages) records(all []element) (what string) {
	for _, e := range all {
		if e.flags != 0 {
			return "it holds a bucket among the records"
		}
	}
	for _, e := range all {
		if p.put != nil && p.err == nil {
			p.err = p.put(e.key, e.value)
		}
	}
	return ""
}

// walk looks at a page and all below it, and shows leaves to leaf, which says what
// is wrong with them.
func (p *pages) walk(id uint64, s span, leaf func([]element) string) {
	p.depth++
	defer func() { p.depth-- }()
	raw, what := p.read(id)
	var all []element
	var kind uint16
	if what == "" {
		all, kind, what = elementsOf(raw, s)
	}
	if what == "" && kind == leafPage {
		what = leaf(all)
	}
	if what != "" {
		p.found = append(p.found, Damage{id, what, bytes.Clone(s.from), bytes.Clone(s.to)})
		return
	}
	for i := range all {
		if kind == branchPage {
			p.walk(all[i].child, s.of(all, i), leaf)
		}
	}
}

// read returns a page with what overflows it, or what is wrong with it.
func (p *pages) read(id uint64) (raw []byte, what string) {
	switch {
	case id < 2 || id >= p.count || p.depth > deepest:
		return nil, "something else led to it than should"
	case id >= uint64(len(p.seen)):
		return nil, beyondEnd
	}
	head := make([]byte, pageHeader)
	if what := p.readAt(head, id); what != "" {
		return nil, what
	}
	length := 1 + uint64(order.Uint32(head[12:]))
	if order.Uint64(head) != id || length > p.count-id {
		return nil, "it is not the page that belongs there"
	}
	if id+length > uint64(len(p.seen)) {
		return nil, beyondEnd
	}
	for n := range length {
		if p.seen[id+n] {
			return nil, "two places of the file lead to it"
		}
		p.seen[id+n] = true
	}
	raw = make([]byte, length*p.size)
	if what := p.readAt(raw, id); what != "" {
		return nil, what
	}
	for n := range length {
		if p.sums != nil && sum(raw[n*p.size:(n+1)*p.size]) != p.sums[id+n] {
			return nil, "it is not as it was written"
		}
	}
	return raw, ""
}

func (p *pages) readAt(b []byte, id uint64) (what string) {
	if _, err := p.file.ReadAt(b, int64(id*p.size)); err != nil {
		// Such as EIO: that the disk cannot read it is an answer, too.
		return fmt.Sprintf("it cannot be read: %v", err)
	}
	return ""
}

const beyondEnd = "it lies beyond the end of the file"
