package keys

import (
	"context"
	"fmt"
	"slices"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/policy"
)

// Discard is for keys that strangers may have: those of alg, or all of them if alg
// is "". New ones take their place at once and the old ones are gone at once, the
// next and retired ones too, for they were kept together. What was made with them is
// refused from then on, here; a client that has fetched the key set may believe it
// for as long as it may keep that, five minutes.
//
// If alg is "", data keys go as well: every session, authorization in progress,
// access token and refresh token ends. Only those of passwords and client secrets
// stay, to verify: what is kept of these cannot be turned into a password or secret
// by a key alone. Errors: ErrAlgorithm, storage.ErrForbidden.
func (r *Ring) Discard(ctx context.Context, by storage.Actor, alg string) ([]Rotation, error) {
	var old *policy.KeySet // as it was when we began: nothing newer is discarded
	var done []Rotation
	err := r.settle(ctx, r.now(), by, func(d *draft) error {
		chosen, err := d.choose(alg)
		if err != nil {
			return err
		}
		if old == nil {
			old = &policy.KeySet{SigningKeys: slices.Clone(d.set.SigningKeys), DataKeys: slices.Clone(d.set.DataKeys)}
		}
		d.discardSigningKeys(alg, old.SigningKeys)
		if alg == "" {
			if err := d.discardDataKeys(old.DataKeys); err != nil {
				return err
			}
		}
		if err := d.complete(); err != nil {
			return err
		}
		before := &draft{set: *old}
		done = nil
		for _, a := range chosen {
			to := d.signing(a.name, policy.KeyCurrent)
			done = append(done, Rotation{Algorithm: a.name, From: before.signing(a.name, policy.KeyCurrent).ID,
				To: to.ID, At: to.Activated, Until: to.Activated})
		}
		return nil
	})
	return done, err
}

func (d *draft) discardSigningKeys(alg string, old []policy.SigningKey) {
	d.set.SigningKeys = slices.DeleteFunc(d.set.SigningKeys, func(k policy.SigningKey) bool {
		gone := (alg == "" || k.Algorithm == alg) &&
			slices.ContainsFunc(old, func(o policy.SigningKey) bool { return o.ID == k.ID })
		if gone {
			d.note(audit.ActKeyRemoved, k.Algorithm+" "+k.ID)
		}
		return gone
	})
}

// discardDataKeys replaces the data keys before it removes them, so that no id is
// used again.
func (d *draft) discardDataKeys(old []policy.DataKey) error {
	was := func(k policy.DataKey) bool {
		return slices.ContainsFunc(old, func(o policy.DataKey) bool { return o.ID == k.ID })
	}
	for _, p := range purposes {
		for i := range d.set.DataKeys {
			if k := &d.set.DataKeys[i]; was(*k) && sealsFor(p)(*k) {
				k.Retired = d.now
			}
		}
		if !slices.ContainsFunc(d.set.DataKeys, sealsFor(p)) {
			d.addDataKey(p)
			d.note(audit.ActDataKeyRotated, string(p))
		}
	}
	if err := d.resealSigningKeys(); err != nil {
		return err
	}
	d.set.DataKeys = slices.DeleteFunc(d.set.DataKeys, func(k policy.DataKey) bool {
		gone := was(k) && k.Purpose != string(PurposePassword) && k.Purpose != string(PurposeClientSecret)
		if gone {
			d.note(audit.ActDataKeyRemoved, fmt.Sprintf("%s %d", k.Purpose, k.ID))
		}
		return gone
	})
	return nil
}
