package keys

import (
	"context"
	"fmt"
	"time"

	"latchkey/storage"
	"latchkey/storage/policy"
)

// Tick does what is due at now, and takes over what another process did. For each
// enabled algorithm a signing key goes through three states:
//
//	next     published, a day before it is due to sign
//	current  signs, for the interval of the policy
//	retired  published and verifies, until nothing is left that it signed
//
// A day is more than clients keep the key set, so that none meets a signature by a
// key it cannot find. Data keys are replaced on the same interval (datarotate.go).
//
// The caller does not call it while the clock cannot be trusted: keys removed by a
// clock that jumped are gone.
func (r *Ring) Tick(ctx context.Context, now time.Time) error {
	return r.settle(ctx, now, storage.Actor{Via: storage.ViaJob}, func(d *draft) error {
		for _, alg := range d.enabled {
			if err := d.advance(alg); err != nil {
				return err
			}
		}
		d.removeSigningKeys()
		return d.rotateDataKeys()
	})
}

// Rotation is what Rotate did for one algorithm.
type Rotation struct {
	Algorithm string
	From, To  string    // kids
	At        time.Time // when To signs: by now, or still to come
	Until     time.Time // when From is removed, and what it signed verifies no more
}

// Rotate replaces the signing key of alg, or of every enabled algorithm if it is "".
// A key that has been published long enough signs at once; otherwise one is
// published now, and signs, by a later Tick or Rotate, ten minutes after. Two that
// rotate at the same time rotate once. Errors: ErrAlgorithm, storage.ErrForbidden.
func (r *Ring) Rotate(ctx context.Context, by storage.Actor, alg string) ([]Rotation, error) {
	began := r.state.Load()    // before waiting for others who rotate now: it is done by them
	var from map[string]string // by algorithm, as it was then
	var done []Rotation
	err := r.settle(ctx, r.now(), by, func(d *draft) error {
		chosen, err := d.choose(alg)
		if err != nil {
			return err
		}
		if from == nil {
			from = map[string]string{}
			for _, a := range chosen {
				from[a.name] = d.signing(a.name, policy.KeyCurrent).ID
				if key := began.signing[a.name]; key != nil {
					from[a.name] = key.id
				}
			}
		}
		done = nil
		for _, a := range chosen {
			if err := d.hasten(a, from[a.name]); err != nil {
				return err
			}
			done = append(done, d.rotation(a.name, from[a.name]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func (d *draft) choose(alg string) ([]*algorithm, error) {
	if alg == "" {
		return d.enabled, nil
	}
	for _, a := range d.enabled {
		if a.name == alg {
			return []*algorithm{a}, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrAlgorithm, alg)
}
