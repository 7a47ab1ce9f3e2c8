package bolt

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// bbolt has no checksums: a bit that flips within a value is read as if it had
// been written so. A copy that is to be kept therefore gets one for each of its
// pages, behind the last, where bbolt does not look: such a file is a data file
// still. They show damage and where it is; they do not stop somebody who changes
// the file on purpose.
//
//	sums    a CRC-32C for each page, 4 bytes each, big-endian
//	footer  magic, the state's commit (8), CRC-32C of all this (4)
//
// The first write to such a file makes another state of it, and then they count no
// more.
const (
	sumsMagic  = "latchkey sums 1\n"
	footerSize = len(sumsMagic) + 8 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// AppendSums gives a file that a Snapshot or Compact wrote its checksums, and
// returns once they are on the disk. Nobody may have the file open.
func AppendSums(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	newest, ok := newestMeta(f)
	if !ok {
		return fmt.Errorf("%s: %w", path, ErrNotData)
	}
	size := int64(newest.pages * newest.pageSize)
	if info, err := f.Stat(); err != nil || info.Size() < size {
		return errors.Join(err, fmt.Errorf("%s is cut short", path))
	}
	if err := f.Truncate(size); err != nil { // bbolt makes files longer than they need be
		return err
	}
	b, err := sumsOf(f, newest)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(b, size); err != nil {
		return err
	}
	return f.Sync()
}

func sumsOf(f io.ReaderAt, m meta) ([]byte, error) {
	b := make([]byte, 0, int(m.pages)*4+footerSize)
	page := make([]byte, m.pageSize)
	for id := range m.pages {
		if _, err := f.ReadAt(page, int64(id*m.pageSize)); err != nil {
			return nil, err
		}
		b = bigEndian.AppendUint32(b, sum(page))
	}
	b = append(b, sumsMagic...)
	b = bigEndian.AppendUint64(b, m.commit)
	return bigEndian.AppendUint32(b, sum(b)), nil
}

// readSums returns the checksums of a file's pages; nil if it has none that can
// be trusted, or those of another state.
func readSums(f io.ReaderAt, size int64, m meta) []uint32 {
	at := m.pages * m.pageSize
	if m.pages > uint64(size)/m.pageSize || uint64(size)-at != m.pages*4+uint64(footerSize) {
		return nil
	}
	b := make([]byte, uint64(size)-at)
	if _, err := f.ReadAt(b, int64(at)); err != nil {
		return nil
	}
	end := len(b) - 4
	footer := b[m.pages*4:]
	if bigEndian.Uint32(b[end:]) != sum(b[:end]) || string(footer[:len(sumsMagic)]) != sumsMagic {
		return nil
	}
	// A snapshot holds one state twice, the second time under the number before.
	if commit := bigEndian.Uint64(footer[len(sumsMagic):]); m.commit != commit && m.commit+1 != commit {
		return nil
	}
	sums := make([]uint32, m.pages)
	for i := range sums {
		sums[i] = bigEndian.Uint32(b[i*4:])
	}
	return sums
}
