package keys

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"latchkey/storage/policy"
)

// Check reports whether the master key opens every stored key, as Open does, but
// makes and stores none: it is for data that are only read, such as a backup's. It
// returns ErrWrongMaster if it does not, ErrDamaged if there are no keys or they
// contradict each other.
func Check(ctx context.Context, store interface {
	Load(ctx context.Context) (policy.KeySet, error)
}, master Master) error {
	if master.key == nil {
		return fmt.Errorf("%w: none was given", ErrMaster)
	}
	set, err := store.Load(ctx)
	if err != nil {
		return err
	}
	if len(set.Canary) == 0 {
		return fmt.Errorf("%w: there are none", ErrDamaged)
	}
	every, err := enabledAlgorithms(slices.Collect(maps.Keys(algorithms)))
	if err != nil {
		return err
	}
	r := &Ring{master: master}
	if err := r.checkCanary(set); err != nil {
		return err
	}
	return r.use(set, every)
}
