package keys

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/policy"
)

// NewMaster makes a master key.
func NewMaster() Master { return newMaster() }

// Reseal wraps every data key under another master key. The data keys stay what they
// are, so everything made with them stays good. It is one write: before it the old
// master key opens the data, after it the new one, and never both or neither. No
// other process may have the data open, for it would go on under the old key.
func (r *Ring) Reseal(ctx context.Context, by storage.Actor, to Master) error {
	r.reload.Lock()
	defer r.reload.Unlock()
	if to.key == nil || *to.key == *r.master.key {
		return fmt.Errorf("%w: the new key is the one in use (%s)", ErrMaster, r.master.Fingerprint())
	}
	_, enabled, err := r.policy(ctx)
	if err != nil {
		return err
	}
	set, err := r.store.Load(ctx)
	for err == nil {
		var next, stored policy.KeySet
		if next, err = r.rewrap(set, to); err != nil {
			return err
		}
		stored, err = r.store.Replace(ctx, set.Epoch, next, policy.KeyNote{By: by, Act: audit.ActKeysResealed,
			Detail: r.master.Fingerprint() + " to " + to.Fingerprint()})
		if err == nil && bytes.Equal(stored.Canary, next.Canary) { // its nonce is ours
			r.master = to
			return r.use(stored, enabled)
		}
		set = stored
	}
	return err
}

// rewrap returns the set as it is under the other master key, proven to open.
func (r *Ring) rewrap(set policy.KeySet, to Master) (policy.KeySet, error) {
	if err := r.checkCanary(set); err != nil {
		return set, err
	}
	next := set
	next.Canary = to.wrap(r.random, canaryLabel, 0, []byte(canaryText))
	next.Master = to.Fingerprint()
	next.DataKeys = slices.Clone(set.DataKeys)
	for i := range next.DataKeys {
		k := &next.DataKeys[i]
		label := wrapLabel(Purpose(k.Purpose))
		key, err := r.master.unwrap(label, k.ID, k.Sealed)
		if err != nil {
			return set, fmt.Errorf("%w: data key %d (%s) does not open", ErrDamaged, k.ID, k.Purpose)
		}
		k.Sealed = to.wrap(r.random, label, k.ID, key)
		if again, err := to.unwrap(label, k.ID, k.Sealed); err != nil || !bytes.Equal(again, key) {
			return set, fmt.Errorf("%w: data key %d (%s) does not open under the new master key", ErrDamaged, k.ID,
				k.Purpose)
		}
	}
	return next, nil
}
