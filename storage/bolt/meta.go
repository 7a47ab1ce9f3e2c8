package bolt

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"latchkey/storage/kv"
)

// A bbolt file begins with two pages that each hold the state of one commit,
// alternating. The fields follow the page's header, in the byte order of the
// machine that wrote them.
const (
	pageHeader = 16
	metaSize   = 64
	metaMagic  = 0xED0CDAED
	metaFormat = 2 // bbolt takes the state from the other page if this one is of another
	noFreelist = ^uint64(0)
)

type meta struct{ pageSize, root, freelist, pages, commit uint64 }

// sane reports whether a file can be like that, so that what it says can be
// reckoned with.
func (m meta) sane() bool {
	return m.pageSize >= 512 && m.pageSize <= 1<<16 && m.pages < 1<<40
}

// readAhead reads the file once from front to back if it holds no list of its
// free pages, because it was not closed cleanly. bbolt then looks at every
// page, and on a cold disk does so far faster when they are in memory already
// than in its own order. Such a file is walked first: see sound. It also refuses a
// file that ends too early, which would otherwise end the process where the missing part
// is touched.
func readAhead(f *os.File) (scattered bool, err error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return false, err
	case info.Size() == 0:
		return false, ErrEmpty // bbolt would begin a new one
	}
	newest, ok := newestMeta(f)
	if !ok {
		return false, ErrNotData
	}
	if need := newest.pages * newest.pageSize; uint64(info.Size()) < need {
		return false, fmt.Errorf("%w: it is cut short: it has %d bytes of %d", kv.ErrDamaged, info.Size(), need)
	}
	if newest.freelist != noFreelist {
		return false, nil
	}
	piece := make([]byte, 1<<20)
	for at := int64(0); ; at += int64(len(piece)) {
		if _, err := f.ReadAt(piece, at); errors.Is(err, io.EOF) {
			return true, sound(f, uint64(info.Size()), newest)
		} else if err != nil {
			return true, err
		}
	}
}

func newestMeta(f *os.File) (newest meta, ok bool) {
	first, ok := readMeta(f, 0)
	size := int64(first.pageSize)
	if !ok {
		size = int64(os.Getpagesize()) // what bbolt takes for new files
	}
	second, valid := readMeta(f, size)
	if valid && (!ok || second.commit > first.commit) {
		return second, true
	}
	return first, ok
}

func readMeta(f *os.File, at int64) (m meta, ok bool) {
	var raw [metaSize]byte
	if _, err := f.ReadAt(raw[:], at+pageHeader); err != nil {
		return meta{}, false
	}
	sum := fnv.New64a()
	sum.Write(raw[:metaSize-8])
	if order.Uint32(raw[0:]) != metaMagic || order.Uint32(raw[4:]) != metaFormat ||
		order.Uint64(raw[56:]) != sum.Sum64() {
		return meta{}, false
	}
	return meta{
		pageSize: uint64(order.Uint32(raw[8:])),
		root:     order.Uint64(raw[16:]),
		freelist: order.Uint64(raw[32:]),
		pages:    order.Uint64(raw[40:]),
		commit:   order.Uint64(raw[48:]),
	}, true
}
