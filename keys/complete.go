package keys

import (
	"encoding/hex"
	"fmt"
	"slices"

	"latchkey/storage/policy"
)

const (
	canaryLabel = "canary"
	canaryText  = "latchkey"
)

// complete checks that the master key opens the set and adds what the set lacks: the
// canary, a data key for each purpose, a signing key for each enabled algorithm. A
// first signing key signs at once: no client can have asked for the key set before.
func (d *draft) complete() error {
	if err := d.ring.checkCanary(d.set); err != nil {
		return err
	}
	if len(d.set.Canary) == 0 {
		d.set.Canary = d.ring.master.wrap(d.ring.random, canaryLabel, 0, []byte(canaryText))
		d.changed = true
	}
	if d.set.Master == "" {
		d.set.Master = d.ring.master.Fingerprint()
		d.changed = true
	}
	for _, p := range purposes {
		if !slices.ContainsFunc(d.set.DataKeys, sealsFor(p)) {
			d.addDataKey(p)
		}
	}
	for _, alg := range d.enabled {
		if d.signing(alg.name, policy.KeyCurrent) != nil {
			continue
		}
		if d.signing(alg.name, policy.KeyNext) == nil {
			if err := d.addSigningKey(alg, d.now); err != nil {
				return err
			}
		}
		d.promote(alg.name)
	}
	return nil
}

// checkCanary tells a wrong master key from damage before anything else is opened.
func (r *Ring) checkCanary(set policy.KeySet) error {
	if len(set.Canary) == 0 {
		if len(set.DataKeys) > 0 || len(set.SigningKeys) > 0 {
			return fmt.Errorf("%w: keys without a canary", ErrDamaged)
		}
		return nil
	}
	if !r.master.Opens(set) {
		return fmt.Errorf("%w (the key given has the fingerprint %s, the data needs %s)",
			ErrWrongMaster, r.master.Fingerprint(), needed(set))
	}
	return nil
}

// needed is the fingerprint of the master key that set says it needs. The file may be
// anybody's: what is no fingerprint is not repeated.
func needed(set policy.KeySet) string {
	if raw, err := hex.DecodeString(set.Master); err != nil || len(raw) != fingerprintBytes {
		return "another"
	}
	return set.Master
}

// Opens reports whether set is sealed under this master key.
func (m Master) Opens(set policy.KeySet) bool {
	text, err := m.unwrap(canaryLabel, 0, set.Canary)
	return err == nil && string(text) == canaryText
}
