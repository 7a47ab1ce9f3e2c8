package table

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/kv"
)

// Instant is the one time a transaction uses: whole seconds, UTC.
func (db *DB) Instant() time.Time { return db.Now().UTC().Truncate(time.Second) }

// Overtaking is by how much an instant may be older than one that an operation before it
// has stored: operations get their instants first and their turns later. Beyond it the
// clock was set back.
const Overtaking = time.Minute

func (db *DB) NewID() storage.ID { return storage.MakeID(db.Now(), db.Rand) }

// Update runs fn as one transaction; its result is that of the run that counted.
func Update[T any](ctx context.Context, db *DB, fn func(kv.Txn) (T, error)) (T, error) {
	return kv.Update(ctx, db.Engine, fn)
}

// View runs fn over one snapshot.
func View[T any](ctx context.Context, db *DB, fn func(kv.Reader) (T, error)) (T, error) {
	return kv.View(ctx, db.Engine, fn)
}
