package keys

import (
	"slices"
	"time"

	"latchkey/storage/audit"
	"latchkey/storage/policy"
)

// advance does what the schedule says.
func (d *draft) advance(alg *algorithm) error {
	current, next := d.signing(alg.name, policy.KeyCurrent), d.signing(alg.name, policy.KeyNext)
	if next == nil && d.policy.Interval > 0 {
		due := current.Activated.Add(d.policy.Interval)
		if d.now.Before(due.Add(-lead)) {
			return nil
		}
		return d.publish(alg, later(due, d.now.Add(lead)))
	}
	if next != nil && d.ready(next) {
		d.promote(alg.name)
	}
	return nil
}

// hasten replaces the key called from as soon as may be. It does nothing if another
// one has taken its place already.
func (d *draft) hasten(alg *algorithm, from string) error {
	if d.signing(alg.name, policy.KeyCurrent).ID != from {
		return nil
	}
	next := d.signing(alg.name, policy.KeyNext)
	if next == nil {
		return d.publish(alg, d.now.Add(minLead))
	}
	if soonest := later(d.now, next.Created.Add(minLead)); next.Due.After(soonest) {
		next.Due = soonest
		d.note(audit.ActKeyHastened, alg.name+" "+next.ID)
	}
	if d.ready(next) {
		d.promote(alg.name)
	}
	return nil
}

// ready holds every key to leadLeast, whatever its due date says.
func (d *draft) ready(next *policy.SigningKey) bool {
	return !d.now.Before(later(next.Due, next.Created.Add(minLead)))
}

func (d *draft) publish(alg *algorithm, due time.Time) error {
	if err := d.addSigningKey(alg, due); err != nil {
		return err
	}
	d.note(audit.ActKeyPublished, alg.name+" "+d.signing(alg.name, policy.KeyNext).ID)
	return nil
}

// promote makes the next key the current one.
func (d *draft) promote(alg string) {
	current, next := d.signing(alg, policy.KeyCurrent), d.signing(alg, policy.KeyNext)
	if current != nil {
		current.State, current.Retired = policy.KeyRetired, d.now
	}
	next.State, next.Activated, next.Due = policy.KeyCurrent, d.now, time.Time{}
	d.note(audit.ActKeyActivated, alg+" "+next.ID)
}

// removeSigningKeys removes those whose last signature is of no use any more, those
// of algorithms that are switched off included.
func (d *draft) removeSigningKeys() {
	d.set.SigningKeys = slices.DeleteFunc(d.set.SigningKeys, func(k policy.SigningKey) bool {
		gone := k.State == policy.KeyRetired && !d.now.Before(d.policy.ends(k.Retired))
		if gone {
			d.note(audit.ActKeyRemoved, k.Algorithm+" "+k.ID)
		}
		return gone
	})
}

func (d *draft) rotation(alg, from string) Rotation {
	done := Rotation{Algorithm: alg, From: from}
	to := d.signing(alg, policy.KeyCurrent)
	done.To, done.At = to.ID, to.Activated
	if to.ID == from {
		next := d.signing(alg, policy.KeyNext)
		done.To, done.At = next.ID, later(next.Due, next.Created.Add(minLead))
	}
	done.Until = done.At.Add(d.policy.Keep)
	return done
}

// signing is the algorithm's key in that state, in the draft; nil: none.
func (d *draft) signing(alg string, state policy.KeyState) *policy.SigningKey {
	for i := range d.set.SigningKeys {
		if k := &d.set.SigningKeys[i]; k.Algorithm == alg && k.State == state {
			return k
		}
	}
	return nil
}

// addSigningKey makes a key, to sign from due on.
func (d *draft) addSigningKey(alg *algorithm, due time.Time) error {
	s, err := d.open()
	if err != nil {
		return err
	}
	seal := func(binding, plaintext []byte) []byte {
		return s.sealing(PurposeSigning).seal(d.ring.random, binding, plaintext)
	}
	key, err := newSigningKey(seal, alg, d.now)
	if err != nil {
		return err
	}
	key.State, key.Due = policy.KeyNext, due
	d.set.SigningKeys = append(d.set.SigningKeys, key)
	d.changed = true
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
