package bolt

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate fills the holes of the file too, and does not change its length, which is
// bbolt's business.
func allocate(f *os.File, size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
