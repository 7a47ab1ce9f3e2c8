package keys

import (
	"context"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/policy"
)

// draft is a key set being changed, before it is stored. All changes to keys are
// made here, in memory; the store's one conditional write then takes the set as a
// whole or not at all.
type draft struct {
	ring    *Ring
	set     policy.KeySet
	policy  Policy
	enabled []*algorithm
	now     time.Time // whole seconds, as it is stored
	by      storage.Actor
	changed bool
	notes   []policy.KeyNote
}

// settle brings the ring to the stored key set, changing that first: what is missing
// is added, and change, if there is one, does what else is due. Whoever loses the
// conditional write goes on from what the winner stored, so change runs again, after
// a write of ours too: it must find then that nothing is left to do.
func (r *Ring) settle(ctx context.Context, now time.Time, by storage.Actor, change func(*draft) error) error {
	r.reload.Lock()
	defer r.reload.Unlock()
	policy, enabled, err := r.policy(ctx)
	if err != nil {
		return err
	}
	set, err := r.store.Load(ctx)
	if err != nil {
		return err
	}
	for {
		if change == nil && r.inUse(set.Epoch, enabled) {
			return nil
		}
		d := &draft{ring: r, set: set, policy: policy, enabled: enabled, now: now.UTC().Truncate(time.Second), by: by}
		// What the store returned may be shared: it is not to be written into.
		d.set.DataKeys = slices.Clone(set.DataKeys)
		d.set.SigningKeys = slices.Clone(set.SigningKeys)
		if err := d.complete(); err != nil {
			return err
		}
		if change != nil {
			if err := change(d); err != nil {
				return err
			}
		}
		switch {
		case d.changed:
			if set, err = r.store.Replace(ctx, set.Epoch, d.set, d.notes...); err != nil {
				return err
			}
		case r.inUse(set.Epoch, enabled):
			return nil
		default:
			return r.use(set, enabled)
		}
	}
}

func (r *Ring) inUse(epoch uint64, enabled []*algorithm) bool {
	s := r.state.Load()
	return s != nil && s.epoch == epoch && slices.Equal(s.enabled, enabled)
}

func (d *draft) note(act audit.Act, detail string) {
	d.changed = true
	d.notes = append(d.notes, policy.KeyNote{By: d.by, Act: act, Detail: detail})
}

// open opens the data keys as they are in the draft.
func (d *draft) open() (*state, error) {
	s := &state{}
	return s, s.openDataKeys(d.ring.master, d.set.DataKeys)
}
