package backup

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/storage/kv"
)

func TestWhatStandsInABackupsWayIsSaidWithoutItsDraft(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.EROFS:  "no backup can be written to /kept: read-only file system: let the user",
		syscall.EACCES: "no backup can be written to /kept: permission denied: let the user",
		syscall.ENOENT: "no backup can be written to /kept: no such file or directory: make it",
		syscall.ENOSPC: "no backup can be written to /kept: no space left on device: make room",
		syscall.EIO:    "no backup can be written to /kept: input/output error",
	} {
		err := unwritten("/kept", &fs.PathError{Op: "open", Path: "/kept/b.db.draft-ABCDEFGH.partial-1", Err: errno})
		if !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "draft") || !errors.Is(err, errno) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, other := range []error{errors.New("other"),
		kv.OutcomeUnknown(&fs.PathError{Op: "write", Path: "/data/latchkey.db", Err: syscall.ENOSPC}),
		&fs.PathError{Op: "read", Path: "/data/latchkey.db", Err: syscall.EIO}} {
		if err := unwritten("/kept", other); err != other {
			t.Errorf("what is no matter of the directory is said to be one: %v", err)
		}
	}
	// A directory that cannot even be made is told by the one above it.
	above := &fs.PathError{Op: "mkdir", Path: "/kept", Err: syscall.EACCES}
	if err := unwritten("/kept/daily", above); !strings.HasPrefix(err.Error(),
		"no backup can be written to /kept/daily: permission denied") {
		t.Error(err)
	}
}

// It says nothing of its own draft, neither where it is gone nor where it never was.
func TestAMissingDraftIsNoFault(t *testing.T) {
	if err := remove(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}
