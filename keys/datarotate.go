package keys

import (
	"encoding/binary"
	"fmt"
	"slices"

	"latchkey/storage/audit"
	"latchkey/storage/policy"
)

// retention is what becomes of a purpose's data keys.
type retention int

const (
	// expires: what is sealed under it does. Replaced on schedule; the old one only
	// opens, and goes when nothing can be left that it opens.
	expires retention = iota
	// lasts: what was made with it may be presented years later (a client's secret, a
	// password of somebody who seldom signs in) or for as long as its grant lives,
	// which is a policy that may change at any time. Replaced on schedule, so that no
	// key protects everything, and never removed: a hundred bytes a year.
	lasts
	// resealed: all that is sealed under it is in the key set itself, and is sealed
	// anew in the write that replaces it. The old one goes at once.
	resealed
	// fixed: never replaced. A sid must be the same for as long as its session, and
	// whoever computes it knows neither when that began nor under which key. It hides
	// only that two apps share a session, and an HMAC key does not wear out.
	fixed
)

// retentions of what does not simply expire.
var retentions = map[Purpose]retention{
	PurposeRefresh:      lasts,
	PurposePassword:     lasts,
	PurposeClientSecret: lasts,
	PurposeSigning:      resealed,
	PurposeSID:          fixed,
}

func sealsFor(p Purpose) func(policy.DataKey) bool {
	return func(k policy.DataKey) bool { return k.Purpose == string(p) && k.Retired.IsZero() }
}

// addDataKey makes the key that seals for p from now on.
func (d *draft) addDataKey(p Purpose) {
	var last uint32 // ids are never used again, and the newest key is never removed
	for _, key := range d.set.DataKeys {
		last = max(last, key.ID)
	}
	d.set.DataKeys = append(d.set.DataKeys, newDataKey(d.ring.random, d.ring.master, last+1, p, d.now))
	d.changed = true
}

// rotateDataKeys replaces those that have been in use for the interval, and removes
// those that have been replaced for long enough.
func (d *draft) rotateDataKeys() error {
	for _, p := range purposes {
		i := slices.IndexFunc(d.set.DataKeys, sealsFor(p))
		due := d.set.DataKeys[i].Created.Add(d.policy.Interval)
		if d.policy.Interval == 0 || retentions[p] == fixed || d.now.Before(due) {
			continue
		}
		for i := range d.set.DataKeys {
			if sealsFor(p)(d.set.DataKeys[i]) {
				d.set.DataKeys[i].Retired = d.now
			}
		}
		d.addDataKey(p)
		d.note(audit.ActDataKeyRotated, string(p))
	}
	if err := d.resealSigningKeys(); err != nil {
		return err
	}
	d.removeDataKeys()
	return nil
}

// resealSigningKeys seals private keys anew that are under a retired data key.
func (d *draft) resealSigningKeys() error {
	s, err := d.open()
	if err != nil {
		return err
	}
	to := s.sealing(PurposeSigning)
	for i := range d.set.SigningKeys {
		k := &d.set.SigningKeys[i]
		if sealedUnder(k.Sealed) == to.id {
			continue
		}
		binding := signingBinding(k.Algorithm, k.ID)
		der, err := s.unseal(PurposeSigning, binding, k.Sealed)
		if err != nil {
			return fmt.Errorf("%w: signing key %s (%s) does not open", ErrDamaged, k.ID, k.Algorithm)
		}
		k.Sealed = to.seal(d.ring.random, binding, der)
		d.changed = true
	}
	return nil
}

// sealedUnder is the id of the data key that a sealed value names.
func sealedUnder(sealed []byte) uint32 {
	if len(sealed) < SealOverhead {
		return 0
	}
	return binary.BigEndian.Uint32(sealed)
}

func (d *draft) removeDataKeys() {
	d.set.DataKeys = slices.DeleteFunc(d.set.DataKeys, func(k policy.DataKey) bool {
		gone := !k.Retired.IsZero()
		switch retentions[Purpose(k.Purpose)] {
		case resealed:
		case expires:
			gone = gone && !d.now.Before(d.policy.ends(k.Retired))
		default:
			gone = false
		}
		if gone {
			d.note(audit.ActDataKeyRemoved, fmt.Sprintf("%s %d", k.Purpose, k.ID))
		}
		return gone
	})
}
