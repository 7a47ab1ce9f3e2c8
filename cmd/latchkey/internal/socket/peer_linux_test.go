package socket_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/socket"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// callAs makes one request from a thread that has another user's id.
func callAs(uid int, socket string) (*http.Response, error) {
	type answer struct {
		res *http.Response
		err error
	}
	done := make(chan answer)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its odd id
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
			done <- answer{nil, errno}
			return
		}
		res, err := get(socket)
		done <- answer{res, err}
	}()
	a := <-done
	return a.res, a.err
}

// get uses system calls, which stay on the thread.
func get(socket string) (*http.Response, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), socket)
	defer file.Close()
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: socket}); err != nil {
		return nil, err
	}
	fmt.Fprintf(file, "GET %s/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", wire.Prefix)
	return http.ReadResponse(bufio.NewReader(file), nil)
}

func TestOnlyTheServersOwnUserIsServed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	dir, err := os.MkdirTemp("/tmp", "peer")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := serveSocket(t, dir, seven).Addr().String()
	if _, err := callAs(nobody, socket); err == nil {
		t.Error("another user could connect at all")
	}
	// Should the file rights ever be loosened, the peer's id still decides.
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	res, err := callAs(nobody, socket)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", res.StatusCode)
	}
	if res, err := callAs(0, socket); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("the server's own user: %v %v", res, err)
	}
}

func TestDataOfAnotherUserIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := socket.CheckOwner(dir); err != nil {
		t.Errorf("own data: %v", err)
	}
	if err := socket.CheckOwner("/nowhere"); err != nil {
		t.Errorf("no data: %v", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give data to another user")
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if err := socket.CheckOwner(dir); err == nil || !strings.Contains(err.Error(), "sudo -u nobody") {
		t.Errorf("root and nobody's data: %v", err)
	}
}
