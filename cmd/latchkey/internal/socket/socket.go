package socket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"latchkey/api/client"
)

const (
	socketName = "latchkey.sock"
	// socketMost is how long a socket's path may be. The systems' own limits
	// lie between 103 and 107 bytes.
	socketMost = 100
)

// Listen makes the socket beside the data in dir. The caller holds the data
// file's lock: that is what makes a socket that is there already a stale one,
// to be removed. Where the path would be too long, the socket is made in the
// runtime directory and a symbolic link to it beside the data.
func Listen(dir string) (net.Listener, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	beside := filepath.Join(dir, socketName)
	if err := removeStale(beside); err != nil {
		return nil, err
	}
	at := beside
	if len(beside) > socketMost {
		if at, err = elsewhere(dir); err != nil {
			return nil, err
		}
		if err := removeStale(at); err != nil {
			return nil, err
		}
		if err := os.Symlink(at, beside); err != nil {
			return nil, fmt.Errorf("the command line's socket cannot be announced: %w", err)
		}
	}
	l, err := net.Listen("unix", at)
	if err != nil {
		return nil, fmt.Errorf("the command line's socket cannot be made: %w", err)
	}
	if err := os.Chmod(at, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &listener{Listener: l, beside: beside}, nil
}

// listener removes the symbolic link too; the socket itself net removes.
type listener struct {
	net.Listener
	beside string
}

func (l *listener) Close() error {
	err := l.Listener.Close()
	if info, missing := os.Lstat(l.beside); missing == nil && info.Mode()&fs.ModeSymlink != 0 {
		err = errors.Join(err, os.Remove(l.beside))
	}
	return err
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&(fs.ModeSocket|fs.ModeSymlink) == 0 {
		return fmt.Errorf("%s is in the way of the command line's socket: move it", path)
	}
	return os.Remove(path)
}

// elsewhere is the socket's short path for a long data directory: in the
// session's or the system's runtime directory, or else in one of our own under
// /tmp, where anybody could have been first.
func elsewhere(dir string) (string, error) {
	sum := sha256.Sum256([]byte(dir))
	name := "latchkey-" + hex.EncodeToString(sum[:8]) + ".sock"
	for _, runtime := range []string{os.Getenv("RUNTIME_DIRECTORY"), os.Getenv("XDG_RUNTIME_DIR"), "/run"} {
		if path := filepath.Join(runtime, name); len(path) <= socketMost && private(runtime) {
			return path, nil
		}
	}
	own := fmt.Sprintf("/tmp/latchkey-%d", os.Geteuid())
	if err := os.Mkdir(own, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if !private(own) {
		return "", fmt.Errorf("%s must be a directory that only you can write to", own)
	}
	return filepath.Join(own, name), nil
}

// private reports whether a directory is ours and nobody else can write to it.
func private(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	uid, known := owner(info)
	return known && uid == os.Geteuid()
}

// Dial returns a Caller of the server whose data is in dir. It fails at once
// when none listens.
func Dial(ctx context.Context, dir string) (*client.Caller, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	at := filepath.Join(dir, socketName)
	if target, err := os.Readlink(at); err == nil {
		at = target
	}
	if len(at) > socketMost {
		return nil, fs.ErrNotExist
	}
	open := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", at)
	}
	conn, err := open(ctx)
	if err != nil {
		return nil, err
	}
	_ = conn.Close()
	return client.Local(&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return open(ctx) },
	}), nil
}
