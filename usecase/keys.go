package usecase

import (
	"context"
	"errors"
	"strings"

	"latchkey/keys"
	"latchkey/storage"
)

// RotateKeys replaces the signing key of one algorithm, or of all if it is "". Errors:
// *storage.Invalid, storage.ErrForbidden.
func (o *Operations) RotateKeys(ctx context.Context, by storage.Actor, alg string) ([]keys.Rotation, error) {
	done, err := o.Keys.Rotate(ctx, by, alg)
	return done, refusedAlgorithm(o.Keys, err)
}

// DiscardKeys does it at once, and ends what was made with the old ones; with "" the data
// keys go too. Errors as of RotateKeys.
func (o *Operations) DiscardKeys(ctx context.Context, by storage.Actor, alg string) ([]keys.Rotation, error) {
	done, err := o.Keys.Discard(ctx, by, alg)
	return done, refusedAlgorithm(o.Keys, err)
}

func refusedAlgorithm(ring *keys.Ring, err error) error {
	if !errors.Is(err, keys.ErrAlgorithm) {
		return err
	}
	return &storage.Invalid{Field: "alg", Reason: "must be among " + strings.Join(ring.Algorithms(), ", ") +
		": signing_algorithms enables no others"}
}
