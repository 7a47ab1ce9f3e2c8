package bolt

import (
	"bytes"

	"go.etcd.io/bbolt"

	"latchkey/storage/kv"
)

// reader reads a committed state. What it returns lies in the mapped file.
type reader struct {
	engine   *Engine
	bucket   *bbolt.Bucket
	cursor   *bbolt.Cursor // of all Gets: Bucket.Get would make one each
	finished bool
}

func (e *Engine) newReader(tx *bbolt.Tx) (r reader, err error) {
	defer e.catchPanic(&err)
	b := tx.Bucket(bucketName)
	return reader{engine: e, bucket: b, cursor: b.Cursor()}, nil
}

func (r *reader) Prefetch(...[]byte) {}

func (r *reader) Get(key []byte) (value []byte, ok bool, err error) {
	if r.finished {
		return nil, false, kv.ErrFinished
	}
	defer r.engine.catchPanic(&err)
	found, value := r.cursor.Seek(key)
	if found == nil || !bytes.Equal(found, key) {
		return nil, false, nil
	}
	return value, true, nil
}

func (r *reader) Scan(rg kv.Range) (page []kv.Pair, err error) {
	if r.finished {
		return nil, kv.ErrFinished
	}
	if err := rg.Check(); err != nil {
		return nil, err
	}
	defer r.engine.catchPanic(&err)
	w := newWalk(r.bucket, rg)
	for len(page) < rg.Limit {
		key, value := w.next()
		if key == nil {
			break
		}
		page = append(page, kv.Pair{Key: key, Value: value})
	}
	return page, nil
}

// txn reads through the batch's buffer. bbolt's own view of uncommitted writes
// is not used: the writes of a failing closure could not be taken back from it.
type txn struct {
	reader
	buffer *kv.Buffer
}

func (t *txn) Get(key []byte) ([]byte, bool, error) {
	if t.finished {
		return nil, false, kv.ErrFinished
	}
	if value, ok, buffered := t.buffer.Get(key); buffered {
		return value, ok, nil
	}
	return t.reader.Get(key)
}

func (t *txn) Scan(rg kv.Range) (page []kv.Pair, err error) {
	if t.finished {
		return nil, kv.ErrFinished
	}
	defer t.engine.catchPanic(&err)
	return t.buffer.Scan(rg, newWalk(t.bucket, rg).next)
}

func (t *txn) Put(key, value []byte) error {
	if t.finished {
		return kv.ErrFinished
	}
	return t.buffer.Put(key, value)
}

func (t *txn) Delete(key []byte) error {
	if t.finished {
		return kv.ErrFinished
	}
	return t.buffer.Delete(key)
}
