package bolt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"latchkey/storage/kv"
)

// Options of Open. The zero value is what a server wants.
type Options struct {
	// Timeout is how long to wait for another process to let go of the file.
	// Zero means half a second: long enough for a restart, and short enough
	// that a person who forgot the other process sees why at once.
	Timeout time.Duration
	// OpenFile replaces os.OpenFile. A test that keeps the file can re-aim its
	// descriptor and thereby make writes or syncs fail.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
	// ReadOnly opens a file that exists and writes nothing, not even its own
	// notes: Update answers ErrReadOnly. Several processes may read a file.
	ReadOnly bool
}

// ErrReadOnly: the file was opened for reading.
var ErrReadOnly = errors.New("the data file is open for reading only")

// mapSize is address space, not memory, that the file may grow into without
// being mapped anew, for which every writer would wait until all readers end.
// It is 16 GiB where addresses have 64 bits, and nothing elsewhere, nor on
// Windows, which would make the file that big.
func mapSize() int {
	if runtime.GOOS == "windows" {
		return 0
	}
	const wide = ^uint(0) >> 63 // 1 or 0
	return int(uint(1) << (34 * wide))
}

// Open opens the data file, and creates it for its owner only if there is none.
// It returns a *kv.LockedError if another process holds it, and ErrEmpty if the file
// has no bytes.
func Open(path string, o Options) (*Engine, error) {
	if o.Timeout <= 0 {
		o.Timeout = 500 * time.Millisecond
	}
	if o.OpenFile == nil {
		o.OpenFile = os.OpenFile
	}
	mapped := mapSize()
	if o.ReadOnly {
		mapped = 0 // it does not grow
	} else if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, unopened(path, err)
		}
	}
	e, err := open(path, o, mapped)
	if errors.Is(err, syscall.ENOMEM) {
		// The process may not have that much address space. It works without.
		e, err = open(path, o, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := e.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), e.db.Close())
	}
	if o.ReadOnly {
		e.queue.close()
		close(e.ended)
		return e, nil
	}
	go e.write(nil)
	return e, nil
}

// create makes an empty data file, which gets its name once it is whole and on the
// disk: whatever has the name and is not whole was a data file once. That another
// process was faster is no error.
func create(path string) error {
	draft := path + ".new-" + rand.Text()[:8]
	if err := newData(context.Background(), draft, func(putter) error { return nil }); err != nil {
		return err
	}
	err := kv.Publish(draft, path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if gone := os.Remove(draft); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return errors.Join(err, kv.SyncDir(filepath.Dir(path)))
}

func open(path string, o Options, mapped int) (e *Engine, err error) {
	e = &Engine{ended: make(chan struct{}), queue: queue{wake: make(chan struct{}, 1)}, readOnly: o.ReadOnly,
		allocate: allocate}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if value := recover(); value != nil {
			// The mapping that bbolt has left keeps the lock, also of a closed file.
			unlock(e.file)
			_ = e.file.Close()
			e, err = nil, fmt.Errorf("open %s: %w: %v", path, kv.ErrDamaged, value)
		}
	}()
	e.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         o.Timeout,
		ReadOnly:        o.ReadOnly,
		NoFreelistSync:  true, // see saveFreePages
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapped,
		NoStatistics:    true, // readers would meet at its lock
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			return e.openFile(name, flag, perm, o)
		},
	})
	var held *kv.LockedError
	switch {
	case errors.As(err, &held):
		return nil, err
	case errors.Is(err, berrors.ErrTimeout):
		return nil, &kv.LockedError{Path: path}
	case err != nil:
		return nil, unopened(path, err)
	}
	return e, nil
}

// unopened says what is in a data file's way, and who can clear it.
func unopened(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) && strings.HasPrefix(at.Path, path) { // it, or a draft of it
		err = at.Err // the sentence names it already
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("open %s: %w: it and its directory must belong to the user that Latchkey runs as, with modes 0600 and 0700", path, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("open %s: %w: see in the kernel's log whether the disk has failed, then mount it for writing", path, err)
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// openFile locks the file itself, before bbolt does with the same result: a
// file that someone else holds must not be read through first.
func (e *Engine) openFile(name string, flag int, perm os.FileMode, o Options) (*os.File, error) {
	flag &^= os.O_CREATE // create has
	f, err := locked(name, o, func() (*os.File, error) { return o.OpenFile(name, flag, perm) })
	if err != nil {
		return nil, err
	}
	e.scattered, err = readAhead(f)
	if e.unclean = e.scattered; err != nil {
		return nil, errors.Join(err, f.Close())
	}
	e.file = f
	return f, nil
}

// locked opens and locks the file of that name. Whoever held the lock may have put
// another file in its place: then that one is meant.
func locked(name string, o Options, open func() (*os.File, error)) (*os.File, error) {
	for {
		f, err := open()
		if err != nil {
			return nil, err
		}
		if err := lock(f, o.ReadOnly, o.Timeout); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		have, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if named, err := os.Stat(name); err != nil || os.SameFile(have, named) {
			return f, nil // without that name nothing else can be meant
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

// Lock keeps every process from opening a data file, without looking into it: it
// may be damaged. It returns a *kv.LockedError if one has it open. Closing gives
// the lock back.
func Lock(path string, timeout time.Duration) (io.Closer, error) {
	o := Options{Timeout: timeout}
	return locked(path, o, func() (*os.File, error) { return os.OpenFile(path, os.O_RDWR, 0) })
}

// prepare notes the state that is on the disk. A file of an earlier version that was
// stopped at its first start has no bucket yet.
func (e *Engine) prepare() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer e.catchPanic(&err)
	exists := false
	look := func(tx *bbolt.Tx) error {
		exists = tx.Bucket(bucketName) != nil
		e.durable.Store(int64(tx.ID()))
		return nil
	}
	if err := e.db.View(look); err != nil || exists {
		return err
	}
	if e.readOnly {
		return ErrNotData
	}
	return e.db.Update(func(tx *bbolt.Tx) error {
		e.durable.Store(int64(tx.ID()))
		e.scattered = true // this commit left the list of free pages out
		_, err := tx.CreateBucket(bucketName)
		return err
	})
}
