package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"latchkey/storage/bolt"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Source is what a backup is made of; an engine is one.
type Source interface {
	// Compact writes one consistent state to a new data file, and nothing else: a copy
	// of the file would hold what free pages still have of records that were deleted.
	Compact(ctx context.Context, path string) error
}

// Copy is a backup that was written and read again.
type Copy struct {
	Path  string
	Bytes int64
	Taken time.Time
	// Faults were in the data already: the copy is true to them.
	Faults []table.Fault
}

// Write makes a backup at path while the data are in use. It refuses to overwrite a
// file (the error matches fs.ErrExist), and leaves nothing behind when it fails. A
// copy of data that have faults is kept, since it may be the best there is.
func Write(ctx context.Context, from Source, path string, try Keys, now time.Time) (c Copy, err error) {
	if err := free(path); err != nil {
		return c, err
	}
	draft := draftOf(path)
	defer func() { err = errors.Join(err, remove(draft)) }()
	if err := from.Compact(ctx, draft); err != nil {
		return c, unwritten(filepath.Dir(path), err)
	}
	if err := bolt.AppendSums(draft); err != nil {
		return c, unwritten(filepath.Dir(path), err)
	}
	c = Copy{Path: path, Taken: now.UTC().Truncate(time.Second)}
	if c.Faults, err = Examine(ctx, draft, try); err != nil {
		return c, fmt.Errorf("the copy is of no use and was not kept: %w", err)
	}
	info, err := os.Stat(draft)
	if err != nil {
		return c, err
	}
	c.Bytes = info.Size()
	return c, publish(draft, path)
}

// unwritten says in the operator's words what is in the way of a file in dir: the
// names of drafts are none of theirs. What is wrong with the data itself, or with the
// disk that they are on, is no matter of dir.
func unwritten(dir string, err error) error {
	var errno syscall.Errno
	var at *fs.PathError
	if !errors.As(err, &errno) || errors.Is(err, kv.ErrOutcomeUnknown) || errors.As(err, &at) &&
		!onTheWay(at.Path, dir) {
		return err
	}
	do := ""
	switch {
	case errors.Is(err, fs.ErrPermission), errno == syscall.EROFS:
		do = ": let the user that Latchkey runs as write there, and its systemd unit by ReadWritePaths="
	case errors.Is(err, fs.ErrNotExist):
		do = ": make it"
	case errno == syscall.ENOSPC:
		do = ": make room; a backup takes as much as the data"
	}
	return fmt.Errorf("no backup can be written to %s: %w%s", dir, errno, do)
}

// onTheWay reports whether a path is dir, a file in it, or a directory above it.
func onTheWay(path, dir string) bool {
	path, dir = filepath.Clean(path), filepath.Clean(dir)
	return path == dir || filepath.Dir(path) == dir || strings.HasPrefix(dir, path+string(filepath.Separator))
}

// free returns an error if a name is taken, to spare work that could not be kept.
func free(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return taken(path)
	}
	return nil
}

func taken(path string) error {
	return fmt.Errorf("%s %w: choose another name", path, fs.ErrExist)
}

// publish gives a finished file the name it is to have, durably.
func publish(draft, path string) error {
	err := kv.Publish(draft, path)
	if errors.Is(err, fs.ErrExist) {
		return taken(path)
	}
	if err != nil {
		return err
	}
	return kv.SyncDir(filepath.Dir(path))
}

// draftOf is a name beside path that nothing else has.
func draftOf(path string) string { return path + ".draft-" + rand.Text()[:8] }

// remove deletes a draft. Mostly it is gone: it has its name by now. Where nothing can
// be written, trying to remove it would not say so.
func remove(draft string) error {
	if _, err := os.Lstat(draft); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return os.Remove(draft)
}
