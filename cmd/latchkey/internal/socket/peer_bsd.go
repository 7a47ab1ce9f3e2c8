//go:build darwin || freebsd

package socket

import (
	"cmp"
	"net"

	"golang.org/x/sys/unix"
)

// peerUID asks the kernel who made the connection (unix(4), LOCAL_PEERCRED).
func peerUID(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Xucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptXucred(int(fd), 0, unix.LOCAL_PEERCRED) // level SOL_LOCAL
	})
	if err = cmp.Or(err, failed); err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
