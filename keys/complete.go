package keys

import (
	"fmt"
	"slices"

	"latchkey/storage"
)

const (
	canaryLabel = "canary"
	canaryText  = "latchkey"
)

// complete checks that the master key opens the set and returns the set with what
// it lacks: the canary, a data key for each purpose, a signing key for each enabled
// algorithm. It reports true, and the set as it was, if nothing was lacking.
func (r *Ring) complete(set storage.KeySet, enabled []*algorithm) (next storage.KeySet, whole bool, err error) {
	if err := r.checkCanary(set); err != nil {
		return set, false, err
	}
	// What the store returned may be shared: appending must not write into it.
	next = set
	next.DataKeys = slices.Clone(set.DataKeys)
	next.SigningKeys = slices.Clone(set.SigningKeys)
	if len(set.Canary) == 0 {
		next.Canary = r.master.wrap(r.random, canaryLabel, 0, []byte(canaryText))
	}
	r.addDataKeys(&next)
	if err := r.addSigningKeys(&next, enabled); err != nil {
		return set, false, err
	}
	whole = len(set.Canary) > 0 && len(next.DataKeys) == len(set.DataKeys) &&
		len(next.SigningKeys) == len(set.SigningKeys)
	return next, whole, nil
}

// checkCanary tells a wrong master key from damage before anything else is opened.
func (r *Ring) checkCanary(set storage.KeySet) error {
	if len(set.Canary) == 0 {
		if len(set.DataKeys) > 0 || len(set.SigningKeys) > 0 {
			return fmt.Errorf("%w: keys without a canary", ErrDamaged)
		}
		return nil
	}
	text, err := r.master.unwrap(canaryLabel, 0, set.Canary)
	if err != nil || string(text) != canaryText {
		return ErrWrongMaster
	}
	return nil
}

func (r *Ring) addDataKeys(set *storage.KeySet) {
	var last uint32
	for _, key := range set.DataKeys {
		last = max(last, key.ID)
	}
	for _, p := range purposes {
		if !slices.ContainsFunc(set.DataKeys, func(k storage.DataKey) bool {
			return k.Purpose == string(p) && k.Retired.IsZero()
		}) {
			last++
			set.DataKeys = append(set.DataKeys, newDataKey(r.random, r.master, last, p, r.now()))
		}
	}
}

func (r *Ring) addSigningKeys(set *storage.KeySet, enabled []*algorithm) error {
	var s state // opened only if there is something to seal
	for _, alg := range enabled {
		if slices.ContainsFunc(set.SigningKeys, func(k storage.SigningKey) bool {
			return k.Algorithm == alg.name && k.State == storage.KeyCurrent
		}) {
			continue
		}
		if s.current == nil {
			if err := s.openDataKeys(r.master, set.DataKeys); err != nil {
				return err
			}
		}
		seal := func(binding, plaintext []byte) []byte {
			return s.sealing(PurposeSigning).seal(r.random, binding, plaintext)
		}
		key, err := newSigningKey(seal, alg, r.now())
		if err != nil {
			return err
		}
		set.SigningKeys = append(set.SigningKeys, key)
	}
	return nil
}
