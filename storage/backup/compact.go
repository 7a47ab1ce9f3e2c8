package backup

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"latchkey/storage/bolt"
	"latchkey/storage/kv"
)

// Compacted is what Compact did, in bytes.
type Compacted struct{ Before, After int64 }

// Compact makes a data file that no process has open as small as it can be. Data
// that have faults are left as they are: the error is a *Damaged. So are those that
// would not get smaller. Where path is a symbolic link, the file it leads to is meant.
func Compact(ctx context.Context, path string, try Keys) (done Compacted, err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return done, err
	}
	if err := whole(ctx, path, try); err != nil {
		return done, err
	}
	engine, err := bolt.Open(path, bolt.Options{Timeout: lockWait})
	if err != nil {
		return done, err
	}
	// It goes on locking the file of before: whoever waits for that then finds
	// that another one has its name.
	defer func() { err = errors.Join(err, engine.Close()) }()
	draft := draftOf(path)
	defer func() { err = errors.Join(err, remove(draft)) }()
	if err := engine.Compact(ctx, draft); err != nil {
		return done, err
	}
	if err := whole(ctx, draft, try); err != nil {
		return done, err
	}
	if err := equal(ctx, engine, draft); err != nil {
		return done, err
	}
	if done, err = sizes(path, draft); err != nil {
		return done, err
	}
	if done.After > done.Before {
		done.After = done.Before
		return done, nil
	}
	return done, swap(draft, path)
}

// whole returns an error unless Examine finds nothing at all.
func whole(ctx context.Context, path string, try Keys) error {
	faults, err := Examine(ctx, path, try)
	if err == nil && len(faults) > 0 {
		err = &Damaged{Path: path, Faults: faults}
	}
	return err
}

func sizes(before, after string) (c Compacted, err error) {
	old, err := os.Stat(before)
	if err != nil {
		return c, err
	}
	small, err := os.Stat(after)
	if err != nil {
		return c, err
	}
	return Compacted{old.Size(), small.Size()}, nil
}

// equal returns an error unless the file at path holds the same pairs.
func equal(ctx context.Context, have *bolt.Engine, path string) (err error) {
	other, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	for at := (kv.Range{Limit: kv.MaxPage}); ; {
		last, err := kv.View(ctx, have, func(a kv.Reader) ([]byte, error) {
			return kv.View(ctx, other, func(b kv.Reader) ([]byte, error) { return equalPage(a, b, at) })
		})
		if err != nil || last == nil {
			return err
		}
		at.After = last
	}
}

var errDiffers = errors.New("the new file is not equal to the old one, and was not kept")

// equalPage compares a page and returns its last key; nil at the end.
func equalPage(a, b kv.Reader, at kv.Range) (last []byte, err error) {
	have, err := a.Scan(at)
	if err != nil {
		return nil, err
	}
	other, err := b.Scan(at)
	if err != nil {
		return nil, err
	}
	if len(have) != len(other) {
		return nil, errDiffers
	}
	for i := range have {
		if !bytes.Equal(have[i].Key, other[i].Key) || !bytes.Equal(have[i].Value, other[i].Value) {
			return nil, errDiffers
		}
	}
	if len(have) < at.Limit {
		return nil, nil
	}
	return bytes.Clone(have[len(have)-1].Key), nil
}
