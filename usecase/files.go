package usecase

import (
	"context"
	"errors"
	"sync"
	"time"

	"latchkey/storage/backup"
	"latchkey/storage/store"
	"latchkey/storage/table"
)

// ErrReading says that something else reads all the data: two at once are twice as slow.
var ErrReading = errors.New("a backup or check is under way: try again when it has finished")

// Files is what is done with the data as a whole, beside traffic. Who calls names files of
// this machine: it is for those who own the data.
type Files struct {
	Engine backup.Engine
	Store  *store.Store
	Keys   backup.Keys // tries the master key

	reading sync.Mutex
}

// Check reads everything that is stored and returns what is wrong.
func (f *Files) Check(ctx context.Context) ([]table.Fault, error) {
	if !f.reading.TryLock() {
		return nil, ErrReading
	}
	defer f.reading.Unlock()
	return backup.Check(ctx, f.Engine, f.Store)
}

// Backup writes a copy of the data to a new file. The error matches fs.ErrExist if there is
// one.
func (f *Files) Backup(ctx context.Context, path string) (backup.Copy, error) {
	if !f.reading.TryLock() {
		return backup.Copy{}, ErrReading
	}
	defer f.reading.Unlock()
	return backup.Write(ctx, f.Engine, path, f.Keys, time.Now())
}
