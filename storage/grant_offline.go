package storage

import (
	"fmt"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// offline names the offline grants of one user and client, so that there are only so
// many. It is written with each that is made and at no other time: some of those it
// names may be dead by now.
type offline struct {
	User     ID     `cbor:"1,keyasint"`
	Client   ID     `cbor:"2,keyasint"` // the client's UID
	ClientID string `cbor:"3,keyasint"`
	// What all of them were made under: where one of these is another by now, none of
	// them is alive.
	Consent     ID     `cbor:"4,keyasint"`
	UserEpoch   uint64 `cbor:"5,keyasint,omitempty"`
	ClientEpoch uint64 `cbor:"6,keyasint,omitempty"`
	Grants      []ID   `cbor:"7,keyasint"` // the oldest first
}

func offlineTable() table[offline] {
	return table[offline]{name: "offline grants", space: spaceOffline,
		key: func(v *offline) key { return consentKey(v.User, v.Client) }}
}

// capOffline makes room for an offline grant that is being made: those that nothing can
// come of any more are forgotten, and if there are still too many, some are revoked. First
// those that a lifetime alone holds for over, for longer again it would revive them, and
// those whose code has just ended, for whoever uses it may be on the way. Then those whose
// code is unused: any page can send a browser here to have codes made for an app that
// throws them away, and that must not end what is in use. Then the oldest.
func (b *base) capOffline(tx kv.Txn, g *Grant, most uint32, l Lifetimes, now time.Time, note Event) error {
	v, err := b.offline.get(tx, consentKey(g.User, g.Client))
	if err != nil {
		return err
	}
	if v == nil || v.Consent != g.Consent || v.UserEpoch != g.UserEpoch || v.ClientEpoch != g.ClientEpoch {
		v = &offline{User: g.User, Client: g.Client, ClientID: g.ClientID, Consent: g.Consent, UserEpoch: g.UserEpoch, ClientEpoch: g.ClientEpoch}
	}
	if room := int(most) - 1; len(v.Grants) > room {
		idle, living, err := b.living(tx, v.Grants, l, now)
		if err != nil {
			return err
		}
		order := slices.Concat(idle, living)
		n := max(len(order)-room, 0)
		if err := b.revokeAll(tx, order[:n], now); err != nil {
			return err
		}
		if ended := n - len(idle); ended > 0 {
			detail := fmt.Sprintf("the oldest %d: at most %d offline grants", ended, most)
			if err := b.audit.put(tx, note.about(g.User, g.ClientID, detail)); err != nil {
				return err
			}
		}
		v.Grants = slices.DeleteFunc(v.Grants, func(id ID) bool { return !slices.Contains(order[n:], id) })
	}
	v.Grants = append(v.Grants, g.ID)
	return b.offline.put(tx, v)
}

// living leaves out the grants that nothing can come of any more. idle are those that may
// yet be revived; of the others those come first whose code is yet to be used.
func (b *base) living(tx kv.Txn, ids []ID, l Lifetimes, now time.Time) (idle, living []ID, err error) {
	var codes, used []ID
	for _, id := range ids {
		g, err := b.grants.get(tx, key{}.id(id))
		if err != nil {
			return nil, nil, err
		}
		if g == nil || !now.Before(g.Expires) {
			continue
		}
		state, err := b.grantStates.get(tx, key{}.id(id))
		if err != nil {
			return nil, nil, err
		}
		switch {
		case state == nil || !state.Revoked.IsZero():
		case state.Redeemed.IsZero() && !now.Before(g.CodeExpires.Add(overtaking)):
		case state.Redeemed.IsZero() && !now.Before(g.CodeExpires):
			idle = append(idle, id)
		case state.Redeemed.IsZero():
			codes = append(codes, id)
		case g.refreshable() && state.idle(l, now):
			idle = append(idle, id)
		default:
			used = append(used, id)
		}
	}
	return idle, slices.Concat(codes, used), nil
}

func (b *base) revokeAll(tx kv.Txn, ids []ID, now time.Time) error {
	for _, id := range ids {
		state, err := b.grantStates.get(tx, key{}.id(id))
		if err != nil || state == nil {
			return err
		}
		state.Revoked, state.Tokens = now, nil
		if err := b.grantStates.put(tx, state); err != nil {
			return err
		}
	}
	return nil
}

// sweepOffline deletes the lists whose grants were made under a consent that is no longer
// the one in force.
func (b *base) sweepOffline(tx kv.Txn, after []byte, _ time.Time) (swept, error) {
	return sweep(tx, &b.offline, after, func(v *offline) (bool, error) {
		c, err := b.consents.get(tx, consentKey(v.User, v.Client))
		return c == nil || c.ID != v.Consent, err
	})
}
