package usecase

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"latchkey/storage/bolt"
	"latchkey/storage/store"
)

func TestWhatReadsAllTheDataRunsOnceAtATime(t *testing.T) {
	dir := t.TempDir()
	engine, err := bolt.Open(filepath.Join(dir, "data.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	f := &Files{Engine: engine, Keys: func(context.Context, *store.Store) error { return nil }}
	if f.Store, err = store.Open(t.Context(), engine, store.Options{}); err != nil {
		t.Fatal(err)
	}
	try := func() (check, backup error) {
		_, check = f.Check(t.Context())
		_, backup = f.Backup(t.Context(), filepath.Join(dir, "copy.db"))
		return check, backup
	}
	f.reading.Lock()
	if check, backup := try(); !errors.Is(check, ErrReading) || !errors.Is(backup, ErrReading) {
		t.Errorf("beside another: %v, %v", check, backup)
	}
	f.reading.Unlock()
	if check, backup := try(); check != nil || backup != nil {
		t.Errorf("alone: %v, %v", check, backup)
	}
}
