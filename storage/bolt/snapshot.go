package bolt

import (
	"context"
	"io"

	"go.etcd.io/bbolt"

	"latchkey/storage/kv"
)

// Snapshot implements kv.Engine. The copy is a data file that Open opens. It is
// written as fast as the disk takes it, and to this machine only: while it is
// read, no page of its state is used again and the data file grows.
func (e *Engine) Snapshot(ctx context.Context, path string) error {
	return e.read(ctx, func(tx *bbolt.Tx) error {
		return kv.NewFile(ctx, path, func(w io.Writer) error {
			_, err := tx.WriteTo(w)
			return err
		})
	})
}
