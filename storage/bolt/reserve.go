package bolt

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"go.etcd.io/bbolt"

	"latchkey/storage/kv"
)

const (
	// reserveStep is how many bytes are reserved at once beyond what is needed, so that
	// few commits have to ask.
	reserveStep = 16 << 20
	// pagesOfWrite is how many pages one write may cause to be written anew: those from
	// the root of the tree to its leaf, and one that a split adds.
	pagesOfWrite = 6
	// pagesOfCommit are written in each commit besides: the list of free pages and the
	// page that tells where all begins.
	pagesOfCommit = 64
)

// reserve makes sure, before a commit writes anything, that the disk has room for it. A
// disk that fills up in the middle of a commit stops the engine, since nobody knows what
// is on the disk then. One that has no room before it is an error of this commit alone
// (kv.ErrFull): nothing was written, reads go on, and so do writes once there is room.
func (e *Engine) reserve(tx *bbolt.Tx, buffer *kv.Buffer) error {
	page := int64(tx.DB().Info().PageSize)
	need := tx.Size() + 2*int64(buffer.Bytes()) + page*int64(pagesOfWrite*buffer.Len()+pagesOfCommit)
	if need <= e.reserved || e.unreservable {
		return nil
	}
	err := e.allocate(e.file, need+reserveStep)
	if noRoom(err) { // for the step as well; perhaps there is for what is needed
		err = e.allocate(e.file, need)
	} else if err == nil {
		need += reserveStep
	}
	switch {
	case noRoom(err):
		return fmt.Errorf("%w: %w", kv.ErrFull, err)
	case err != nil:
		e.unreservable = true // this file system cannot; a full disk stops the engine then
	default:
		e.reserved = need
	}
	return nil
}

// noRoom reports whether there is no room: on the disk, in the owner's quota, or by the
// limit on the size of files.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// allocator has the file system keep room for the first size bytes of a file.
type allocator func(f *os.File, size int64) error
