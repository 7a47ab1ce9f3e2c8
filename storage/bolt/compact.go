package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"latchkey/storage/kv"
)

// Compact writes all pairs to a new data file for its owner only, as small as it
// can be, durable when Compact returns nil. It refuses to overwrite a file (the
// error matches fs.ErrExist), and leaves nothing behind when it fails.
func (e *Engine) Compact(ctx context.Context, path string) error {
	return newData(ctx, path, func(put putter) error {
		return e.read(ctx, func(tx *bbolt.Tx) (err error) {
			defer e.catchPanic(&err)
			return tx.Bucket(bucketName).ForEach(put)
		})
	})
}

// Salvage copies, as Compact does, every pair of the file at from that can be read,
// without the help of bbolt, and reports what could not. The copy is kept whatever
// the report says. Nobody may write to from meanwhile.
func Salvage(ctx context.Context, from, path string) (Report, error) {
	var r Report
	err := newData(ctx, path, func(put putter) (err error) {
		r, err = verify(from, put)
		return err
	})
	return r, err
}

// putter takes pairs in key order.
type putter func(key, value []byte) error

// newData makes a data file of the pairs that fill puts.
func newData(ctx context.Context, path string, fill func(putter) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoStatistics: true})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	w := &loader{ctx: ctx, db: db}
	if err = w.begin(); err == nil {
		err = fill(w.put)
	}
	err = errors.Join(err, w.end(err == nil))
	if err == nil {
		// Once more, so that both pages that name a state name this one: if one of
		// them is damaged, the other must not lead to a part of the pairs.
		err = db.Update(func(*bbolt.Tx) error { return nil })
	}
	if err == nil {
		err = db.Sync() // once for all
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err = trim(path); err != nil {
		return err
	}
	return kv.SyncDir(filepath.Dir(path))
}

// trim cuts off what bbolt makes a file longer than its pages.
func trim(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	newest, ok := newestMeta(f)
	if !ok {
		return fmt.Errorf("%s: %w", path, ErrNotData)
	}
	return errors.Join(f.Truncate(int64(newest.pages*newest.pageSize)), f.Sync())
}

// loader fills an empty data file. In key order one page is filled after another.
type loader struct {
	ctx    context.Context
	db     *bbolt.DB
	tx     *bbolt.Tx
	bucket *bbolt.Bucket
	size   int // of what tx holds, in bytes
}

// loadSlice is how many bytes one transaction of a loader holds in memory.
const loadSlice = 16 << 20

func (w *loader) begin() (err error) {
	if w.tx, err = w.db.Begin(true); err != nil {
		return err
	}
	w.size = 0
	if w.bucket, err = w.tx.CreateBucketIfNotExists(bucketName); err == nil {
		w.bucket.FillPercent = fillPercent
	}
	return err
}

// end finishes the running transaction, if there is one.
func (w *loader) end(keep bool) error {
	tx := w.tx
	w.tx = nil
	switch {
	case tx == nil:
		return nil
	case keep:
		return tx.Commit()
	}
	return tx.Rollback()
}

// put copies the value, which bbolt reads only when it commits.
func (w *loader) put(key, value []byte) error {
	if w.size += len(key) + len(value); w.size > loadSlice {
		if err := errors.Join(w.ctx.Err(), w.end(true)); err != nil {
			return err
		}
		if err := w.begin(); err != nil {
			return err
		}
	}
	return w.bucket.Put(key, append([]byte{}, value...))
}
