package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// Errors of Verify, for files that cannot be looked into at all.
var (
	// ErrEmpty: the file has no bytes.
	ErrEmpty = errors.New("the file is empty")
	// ErrNotData: the file does not begin as a data file does.
	ErrNotData = errors.New("this is not a Latchkey data file, or its beginning is destroyed")
)

var bigEndian = binary.BigEndian

// verifyWait is how long Verify waits for another process to let go of a file.
const verifyWait = 200 * time.Millisecond

// Report is what Verify found.
type Report struct {
	Damage []Damage
	// Missing is how many bytes the file is shorter than it was.
	Missing int64
	// Summed says that every page was compared with its checksum; otherwise a
	// flipped bit may be within a value and not be noticed here.
	Summed bool
}

// Verify reads a file without the help of bbolt, and says which pages cannot be
// trusted. Damage to pages that hold nothing is none. It returns a *kv.LockedError
// if a process has the file open to write.
func Verify(path string) (Report, error) { return verify(path, nil) }

// verify shows every pair that can be read to put.
func verify(path string, put putter) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return Report{}, err
	case !info.Mode().IsRegular():
		return Report{}, &fs.PathError{Op: "read", Path: path, Err: errors.New("this is not a file")}
	case info.Size() == 0:
		return Report{}, ErrEmpty
	}
	if err := lock(f, true, verifyWait); err != nil {
		return Report{}, err
	}
	newest, ok := newestMeta(f)
	if !ok || !newest.sane() {
		return Report{}, ErrNotData
	}
	sums := readSums(f, info.Size(), newest)
	p := &pages{file: f, bytes: uint64(info.Size()), size: newest.pageSize, count: newest.pages, sums: sums, put: put}
	found := p.walkState(newest.root)
	return Report{
		Damage:  append(lostState(f, newest, sums != nil), found...),
		Missing: max(0, int64(newest.pages*newest.pageSize)-info.Size()),
		Summed:  sums != nil,
	}, p.err
}

// lostState reports a file of which only one of the two pages that hold the state
// of a commit can be read: the newer one may be gone. In a file with checksums both
// hold the same state.
func lostState(f *os.File, newest meta, summed bool) []Damage {
	for id := range uint64(2) {
		if _, ok := readMeta(f, int64(id*newest.pageSize)); !ok && !summed {
			return []Damage{{Page: id, What: "it said what the last commit was, and the last commit may be missing"}}
		}
	}
	return nil
}

// Verify does the same for the state that Views see now. It holds that state
// while it reads, as a Snapshot does.
func (e *Engine) Verify(ctx context.Context) (Report, error) {
	var r Report
	err := e.read(ctx, func(tx *bbolt.Tx) error {
		size := uint64(e.db.Info().PageSize)
		p := &pages{file: interruptible{ctx, e.file}, bytes: uint64(tx.Size()), size: size,
			count: uint64(tx.Size()) / size}
		r.Damage = p.walkState(uint64(tx.Cursor().Bucket().Root()))
		return ctx.Err()
	})
	return r, err
}

// interruptible is a file that cannot be read any more once ctx has ended.
type interruptible struct {
	ctx  context.Context
	file io.ReaderAt
}

func (i interruptible) ReadAt(b []byte, at int64) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, fmt.Errorf("stopped: %w", err)
	}
	return i.file.ReadAt(b, at)
}
