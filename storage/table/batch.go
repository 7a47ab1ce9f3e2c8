package table

import (
	"context"
	"errors"

	"latchkey/storage"
	"latchkey/storage/kv"
)

// Outcome is what became of one entry of an import.
type Outcome string

const (
	Created   Outcome = "created"
	Changed   Outcome = "changed"
	Unchanged Outcome = "unchanged"
	Refused   Outcome = "refused"
)

// rehearsal is the error by which a dry run leaves its transaction: nothing is
// kept, and what would have happened is known.
type rehearsal[R any] struct{ done []R }

func (rehearsal[R]) Error() string { return "storage: a dry run" }

// ImportAll runs one entry after the other in one transaction.
func ImportAll[E, R any](ctx context.Context, db *DB, dry bool, entries []E, one func(kv.Txn, E) (R, error)) ([]R,
	error) {
	done, err := Update(ctx, db, func(tx kv.Txn) ([]R, error) {
		done := make([]R, len(entries))
		for i := range entries {
			var err error
			if done[i], err = one(tx, entries[i]); err != nil {
				return nil, err
			}
		}
		if dry {
			return nil, rehearsal[R]{done}
		}
		return done, nil
	})
	var would rehearsal[R]
	if errors.As(err, &would) {
		return would.done, nil
	}
	return done, err
}

// Refusal reports whether an error concerns one entry alone.
func Refusal(err error) bool {
	var bad *storage.Invalid
	var taken *storage.Taken
	return errors.As(err, &bad) || errors.As(err, &taken) || errors.Is(err, storage.ErrStale)
}
