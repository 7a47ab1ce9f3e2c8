package kv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// NewFile is how engines write a snapshot: write fills a temporary file beside
// path, readable by its owner only, which appears under its name complete and
// durable or not at all. A file that exists is not overwritten: the error
// matches fs.ErrExist. Writing stops when ctx ends.
func NewFile(ctx context.Context, path string, write func(io.Writer) error) (err error) {
	// Asked early to spare a copy that could not be kept; publish decides.
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".partial-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		_ = os.Remove(f.Name()) // gone already if it was renamed
	}()
	c := &copier{ctx: ctx, file: f}
	if err := write(c); err != nil {
		return fmt.Errorf("write %s: %w", path, cmp.Or(c.err, err))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := Publish(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return SyncDir(dir)
}

// Publish gives a finished file its name, which must be free: the error matches
// fs.ErrExist if not. The temporary name is gone afterwards, or may be removed. A
// link fails if the name is taken, where a rename would replace it; the rename is
// for file systems without links.
func Publish(temporary, path string) error {
	err := os.Link(temporary, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(temporary, path)
}

// SyncDir makes the names in a directory durable: syncing a new file alone does
// not.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// copier copies in big pieces and looks at the context between them. It syncs
// as it goes, so that the last sync does not hold the disk for seconds while
// commits wait behind it.
type copier struct {
	ctx      context.Context
	file     *os.File
	unsynced int
	err      error // of a Write, for write may return it as mere text
}

const (
	copyPiece = 1 << 20  // bytes
	syncEvery = 64 << 20 // bytes
)

func (c *copier) Write(p []byte) (n int, err error) {
	if err = c.ctx.Err(); err == nil {
		n, err = c.file.Write(p)
	}
	if c.unsynced += n; err == nil && c.unsynced >= syncEvery {
		c.unsynced, err = 0, c.file.Sync()
	}
	c.err = cmp.Or(c.err, err)
	return n, err
}

// ReadFrom makes io.Copy use pieces of copyPiece instead of its own small ones.
func (c *copier) ReadFrom(r io.Reader) (int64, error) {
	type onlyWriter struct{ io.Writer }
	return io.CopyBuffer(onlyWriter{c}, struct{ io.Reader }{r}, make([]byte, copyPiece))
}
