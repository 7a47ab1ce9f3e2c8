package bolt

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// holder looks up who holds a file's lock, as far as this process may see it:
// neither another container's processes nor their commands are visible.
func holder(f *os.File) (pid int, command string) {
	info, err := f.Stat()
	if err != nil {
		return 0, ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0, ""
	}
	pid = lockHolder(string(locks), stat.Dev, stat.Ino)
	return pid, commandOf(pid)
}

// lockHolder finds the process in lines like
// "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF". Those that wait for a lock
// have an arrow in front of its kind, and are not it.
func lockHolder(locks string, dev, inode uint64) (pid int) {
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(dev), unix.Minor(dev), inode)
	for line := range strings.Lines(locks) {
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[1] != "FLOCK" || fields[5] != file {
			continue
		}
		if pid, err := strconv.Atoi(fields[4]); err == nil && pid > 0 {
			return pid
		}
	}
	return 0
}

// commandOf is a process's program and first argument: enough to recognize it,
// and not the rest, which may hold secrets.
func commandOf(pid int) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if pid == 0 || err != nil {
		return ""
	}
	words := bytes.Split(bytes.TrimRight(line, "\x00"), []byte{0})
	return string(bytes.Join(words[:min(2, len(words))], []byte(" ")))
}
