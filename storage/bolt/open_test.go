package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/storage/kv"
)

func TestANewFileIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	openAt(t, path)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

// A file of that name is whole from its first moment, so that an empty one is never
// taken for a first start: it is what is left of data.
func TestANewFileGetsItsNameWhenItIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	looked := false
	e, err := Open(path, Options{OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(name, flag, perm)
		must(t, err)
		_, whole := newestMeta(f)
		if looked = true; !whole || flag&os.O_CREATE != 0 {
			t.Errorf("the file was whole: %v; opened with flags %#x", whole, flag)
		}
		return f, nil
	}})
	must(t, err)
	must(t, e.Close())
	if names, _ := os.ReadDir(filepath.Dir(path)); !looked || len(names) != 1 {
		t.Errorf("looked %v, and the directory has %v", looked, names)
	}
}

func TestWhatWasWrittenIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	for i := range 3 {
		e := openAt(t, path)
		if n := len(readAll(t, e)); n != i {
			t.Errorf("%d keys, want %d", n, i)
		}
		must(t, write(t.Context(), e, fmt.Sprint(i), ""))
		must(t, e.Close())
	}
}

// Only a clean stop leaves the list of free pages in the file, and a start
// without it reads the whole file.
func TestAStartAfterACleanStopNeedNotReadTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path)
	must(t, write(t.Context(), e, "a", "1"))
	crashed := path + ".crashed" // the file as a crash now would leave it
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(crashed, data, 0o600))
	must(t, e.Close())
	for file, want := range map[string]bool{path: false, crashed: true} {
		e := openAt(t, file)
		if e.scattered != want || e.Unclean() != want {
			t.Errorf("%s: read through %v, unclean %v, want %v", filepath.Base(file), e.scattered, e.Unclean(), want)
		}
		if all := readAll(t, e); all["a"] != "1" {
			t.Errorf("%s holds %q", filepath.Base(file), all)
		}
		must(t, e.Close())
		if e = openAt(t, file); e.scattered {
			t.Errorf("%s is read through again after a clean stop", filepath.Base(file))
		}
	}
}

func TestReadingAFileChangesNothingInIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path)
	must(t, write(t.Context(), e, "a", "1"))
	must(t, e.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	e = openAt(t, path)
	readAll(t, e)
	must(t, e.Close())
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file changed")
	}
}

func TestADamagedFileIsAnErrorAndNotACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path)
	for i := range 100 {
		must(t, write(t.Context(), e, fmt.Sprint(i), string(make([]byte, 2000))))
	}
	must(t, e.Close())
	whole, err := os.ReadFile(path)
	must(t, err)
	for name, data := range map[string][]byte{
		"cut short":       whole[:5*os.Getpagesize()],
		"something else":  bytes.Repeat([]byte("text "), 10_000),
		"a short text":    []byte("text"),
		"empty":           {},
		"two bad headers": append(make([]byte, 2*os.Getpagesize()), whole[2*os.Getpagesize():]...),
	} {
		must(t, os.WriteFile(path, data, 0o600))
		if e, err := Open(path, Options{}); err == nil {
			e.Close()
			t.Errorf("%s: opened", name)
		} else if !contains(err.Error(), path) {
			t.Errorf("%s: %q does not name the file", name, err)
		}
		if kept, _ := os.ReadFile(path); !bytes.Equal(kept, data) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestTheStateOfTheLastCommitSurvivesATornHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path)
	must(t, write(t.Context(), e, "a", "1"))
	must(t, e.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	newest, ok := newestMeta(f)
	torn := int64(newest.commit%2) * int64(newest.pageSize)
	_, err = f.WriteAt([]byte("torn"), torn+pageHeader+20)
	must(t, errors.Join(err, f.Close()))
	if all := readAll(t, openAt(t, path)); !ok || all["a"] != "1" {
		t.Errorf("the file holds %q", all)
	}
}

func TestASnapshotAmidWritesIsOneStateThatOpens(t *testing.T) {
	e := openNew(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			value := []byte(fmt.Sprint(i))
			err := e.Update(context.Background(), func(tx kv.Txn) error {
				return errors.Join(tx.Put([]byte("first"), value), tx.Put([]byte("last"), value),
					tx.Put(fmt.Append(nil, "more", i), make([]byte, 3000)))
			})
			if err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	for i := range 5 {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i))
		must(t, e.Snapshot(t.Context(), path))
		all := readAll(t, openAt(t, path))
		if all["first"] != all["last"] {
			t.Errorf("the copy has %q and %q of one transaction", all["first"], all["last"])
		}
	}
	stop()
	must(t, <-ended)
}

func TestWhatIsInADataFilesWayIsSaidOnce(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.EACCES: "open /d/latchkey.db: permission denied: it and its directory must belong to the user",
		syscall.EROFS:  "open /d/latchkey.db: read-only file system: see in the kernel's log",
		syscall.EIO:    "open /d/latchkey.db: input/output error",
	} {
		err := unopened("/d/latchkey.db", &fs.PathError{Op: "open", Path: "/d/latchkey.db", Err: errno})
		if !strings.HasPrefix(err.Error(), want) || !errors.Is(err, errno) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
