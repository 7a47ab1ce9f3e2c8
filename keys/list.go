package keys

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"latchkey/storage/policy"
)

// Then is what happens to a key next.
type Then string

// What can happen to a key. "" is nothing, until somebody says so.
const (
	ThenSigns    Then = "signs"    // it becomes the current one
	ThenReplaced Then = "replaced" // by the next one
	ThenRemoved  Then = "removed"
)

// Info is what can be told of a key.
type Info struct {
	ID        string // kid, or the number of a data key
	Algorithm string // of a signing key
	Purpose   Purpose
	State     policy.KeyState
	Enabled   bool // published and used: its algorithm is enabled
	Created   time.Time
	Activated time.Time
	Retired   time.Time
	Then      Then
	At        time.Time
}

// List returns the stored keys and what the policy makes of them: the signing keys by
// algorithm, the next one first, and the data keys by purpose, the newest first.
func (r *Ring) List(ctx context.Context) (signing, data []Info, err error) {
	plan, enabled, err := r.policy(ctx)
	if err != nil {
		return nil, nil, err
	}
	set, err := r.store.Load(ctx)
	if err != nil {
		return nil, nil, err
	}
	d := &draft{ring: r, set: set, policy: plan, enabled: enabled}
	for _, k := range set.SigningKeys {
		signing = append(signing, d.signingInfo(k))
	}
	order := []policy.KeyState{policy.KeyNext, policy.KeyCurrent, policy.KeyRetired}
	slices.SortFunc(signing, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.Algorithm, b.Algorithm), slices.Index(order, a.State)-slices.Index(order, b.State),
			b.Retired.Compare(a.Retired), cmp.Compare(a.ID, b.ID))
	})
	for _, k := range slices.Backward(set.DataKeys) {
		data = append(data, d.dataInfo(k))
	}
	slices.SortStableFunc(data, func(a, b Info) int { return cmp.Compare(a.Purpose, b.Purpose) })
	return signing, data, nil
}

func (d *draft) signingInfo(k policy.SigningKey) Info {
	info := Info{ID: k.ID, Algorithm: k.Algorithm, Purpose: PurposeSigning, State: k.State,
		Enabled: slices.Contains(d.enabled, algorithms[k.Algorithm]),
		Created: k.Created, Activated: k.Activated, Retired: k.Retired}
	next := d.signing(k.Algorithm, policy.KeyNext)
	switch {
	case k.State == policy.KeyRetired:
		info.Then, info.At = ThenRemoved, d.policy.ends(k.Retired)
	case !info.Enabled: // nothing more happens until it is
	case k.State == policy.KeyNext:
		info.Then, info.At = ThenSigns, later(k.Due, k.Created.Add(minLead))
	case next != nil:
		info.Then, info.At = ThenReplaced, later(next.Due, next.Created.Add(minLead))
	case d.policy.Interval > 0:
		info.Then, info.At = ThenReplaced, k.Activated.Add(d.policy.Interval)
	}
	return info
}

func (d *draft) dataInfo(k policy.DataKey) Info {
	info := Info{ID: strconv.FormatUint(uint64(k.ID), 10), Purpose: Purpose(k.Purpose), State: policy.KeyCurrent,
		Enabled: true, Created: k.Created, Activated: k.Created, Retired: k.Retired}
	kept := retentions[info.Purpose]
	if !k.Retired.IsZero() {
		info.State = policy.KeyRetired
		if kept == expires {
			info.Then, info.At = ThenRemoved, d.policy.ends(k.Retired)
		}
	} else if kept != fixed && d.policy.Interval > 0 {
		info.Then, info.At = ThenReplaced, k.Created.Add(d.policy.Interval)
	}
	return info
}
