package kvtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"latchkey/storage/kv"
)

var snapshots = []property{
	{"a snapshot is a new file for its owner only", func(t *testing.T, e kv.Engine) {
		put(t, e, "a", "1")
		path := filepath.Join(t.TempDir(), "copy")
		must(t, e.Snapshot(t.Context(), path))
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode() != 0o600 || info.Size() == 0 {
			t.Errorf("mode %v and %d bytes", info.Mode(), info.Size())
		}
		wantFiles(t, path, 1)
	}},
	{"a snapshot overwrites nothing", func(t *testing.T, e kv.Engine) {
		path := filepath.Join(t.TempDir(), "mine")
		must(t, os.WriteFile(path, []byte("mine"), 0o600))
		if err := e.Snapshot(t.Context(), path); !errors.Is(err, fs.ErrExist) {
			t.Errorf("answered %v, want fs.ErrExist", err)
		}
		if kept, _ := os.ReadFile(path); string(kept) != "mine" {
			t.Errorf("the file now holds %q", kept)
		}
		wantFiles(t, path, 1)
	}},
	{"of many snapshots under one name one is kept", func(t *testing.T, e kv.Engine) {
		path := filepath.Join(t.TempDir(), "copy")
		kept := make(chan struct{}, racers)
		together(t, racers, func(ctx context.Context, _ int) error {
			err := e.Snapshot(ctx, path)
			if err == nil {
				kept <- struct{}{}
			}
			if err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			return nil
		})
		if len(kept) != 1 {
			t.Errorf("%d answered that they wrote it", len(kept))
		}
		wantFiles(t, path, 1)
	}},
	{"a snapshot that fails leaves nothing", func(t *testing.T, e kv.Engine) {
		path := filepath.Join(t.TempDir(), "missing", "copy")
		if err := e.Snapshot(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("answered %v, want fs.ErrNotExist", err)
		}
		// Cancelled on the way: the context ends after it was asked first.
		path = filepath.Join(t.TempDir(), "copy")
		put(t, e, "a", "1")
		ctx := &endsSoon{Context: t.Context()}
		if err := e.Snapshot(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("answered %v, want context.Canceled", err)
		}
		wantFiles(t, path, 0)
	}},
}

// endsSoon is a context that is cancelled when asked a second time.
type endsSoon struct {
	context.Context
	asked int
}

func (c *endsSoon) Err() error {
	if c.asked++; c.asked > 1 {
		return context.Canceled
	}
	return nil
}

// wantFiles counts the files beside path, temporary ones included.
func wantFiles(t *testing.T, path string, want int) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(files) != want {
		t.Errorf("%d files: %v, want %d", len(files), files, want)
	}
}
