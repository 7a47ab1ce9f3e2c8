//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package bolt

import (
	"os"
	"syscall"
	"time"

	"latchkey/storage/kv"
)

// lock waits for the file's lock, which readers share. bbolt locks the same open
// file again, which succeeds at once.
func lock(f *os.File, shared bool, timeout time.Duration) error {
	const pause = 20 * time.Millisecond
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	for end := time.Now().Add(timeout); ; time.Sleep(pause) {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case err != syscall.EWOULDBLOCK && err != syscall.EINTR:
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		case !time.Now().Before(end):
			pid, command := holder(f)
			return &kv.LockedError{Path: f.Name(), PID: pid, Command: command}
		}
	}
}

// unlock gives the lock back. Closing the file is not enough while it is mapped.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
