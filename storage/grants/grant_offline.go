package grants

import (
	"fmt"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Offline names the offline grants of one user and client, so that there are only so
// many. It is written with each that is made and at no other time: some of those it
// names may be dead by now.
type Offline struct {
	User     storage.ID `cbor:"1,keyasint"`
	Client   storage.ID `cbor:"2,keyasint"` // the client's UID
	ClientID string     `cbor:"3,keyasint"`
	// What all of them were made under: where one of these is another by now, none of
	// them is alive.
	Consent     storage.ID   `cbor:"4,keyasint"`
	UserEpoch   uint64       `cbor:"5,keyasint,omitempty"`
	ClientEpoch uint64       `cbor:"6,keyasint,omitempty"`
	Grants      []storage.ID `cbor:"7,keyasint"` // the oldest first
}

func offlineTable() table.Table[Offline] {
	return table.Table[Offline]{Name: "offline grants", Space: table.SpaceOffline,
		Key: func(v *Offline) table.Key { return ConsentKey(v.User, v.Client) }}
}

// capOffline makes room for an offline grant that is being made: those that nothing can
// come of any more are forgotten, and if there are still too many, some are revoked. First
// those that a lifetime alone holds for over, for longer again it would revive them, and
// those whose code has just ended, for whoever uses it may be on the way. Then those whose
// code is unused: any page can send a browser here to have codes made for an app that
// throws them away, and that must not end what is in use. Then the oldest.
func (s *Store) capOffline(tx kv.Txn, g *Grant, most uint32, l policy.Lifetimes, now time.Time,
	note audit.Event) error {
	v, err := s.Offline.Get(tx, ConsentKey(g.User, g.Client))
	if err != nil {
		return err
	}
	if v == nil || v.Consent != g.Consent || v.UserEpoch != g.UserEpoch || v.ClientEpoch != g.ClientEpoch {
		v = &Offline{User: g.User, Client: g.Client, ClientID: g.ClientID, Consent: g.Consent,
			UserEpoch: g.UserEpoch, ClientEpoch: g.ClientEpoch}
	}
	if room := int(most) - 1; len(v.Grants) > room {
		idle, living, err := s.sortLiving(tx, v.Grants, l, now)
		if err != nil {
			return err
		}
		order := slices.Concat(idle, living)
		n := max(len(order)-room, 0)
		if err := s.revokeAll(tx, order[:n], now); err != nil {
			return err
		}
		if ended := n - len(idle); ended > 0 {
			detail := fmt.Sprintf("the oldest %d: at most %d offline grants", ended, most)
			if err := s.Trail.Audit.Put(tx, note.About(g.User, g.ClientID, detail)); err != nil {
				return err
			}
		}
		v.Grants = slices.DeleteFunc(v.Grants, func(id storage.ID) bool { return !slices.Contains(order[n:], id) })
	}
	v.Grants = append(v.Grants, g.ID)
	return s.Offline.Put(tx, v)
}

// sortLiving leaves out the grants that nothing can come of any more. idle are those that may
// yet be revived; of the others those come first whose code is yet to be used.
func (s *Store) sortLiving(tx kv.Txn, ids []storage.ID, l policy.Lifetimes, now time.Time) (idle, living []storage.ID,
	err error) {
	var codes, used []storage.ID
	for _, id := range ids {
		g, err := s.Grants.Get(tx, table.Key{}.ID(id))
		if err != nil {
			return nil, nil, err
		}
		if g == nil || !now.Before(g.Expires) {
			continue
		}
		state, err := s.GrantStates.Get(tx, table.Key{}.ID(id))
		if err != nil {
			return nil, nil, err
		}
		switch {
		case state == nil || !state.Revoked.IsZero():
		case state.Redeemed.IsZero() && !now.Before(g.CodeExpires.Add(table.Overtaking)):
		case state.Redeemed.IsZero() && !now.Before(g.CodeExpires):
			idle = append(idle, id)
		case state.Redeemed.IsZero():
			codes = append(codes, id)
		case g.refreshable() && state.isIdle(l, now):
			idle = append(idle, id)
		default:
			used = append(used, id)
		}
	}
	return idle, slices.Concat(codes, used), nil
}

func (s *Store) revokeAll(tx kv.Txn, ids []storage.ID, now time.Time) error {
	for _, id := range ids {
		state, err := s.GrantStates.Get(tx, table.Key{}.ID(id))
		if err != nil || state == nil {
			return err
		}
		state.Revoked, state.Tokens = now, nil
		if err := s.GrantStates.Put(tx, state); err != nil {
			return err
		}
	}
	return nil
}

// SweepOffline deletes the lists whose grants were made under a consent that is no longer
// the one in force.
func (s *Store) SweepOffline(tx kv.Txn, after []byte, _ time.Time) (table.Swept, error) {
	return table.Sweep(tx, &s.Offline, after, func(v *Offline) (bool, error) {
		c, err := s.Consents.Get(tx, ConsentKey(v.User, v.Client))
		return c == nil || c.ID != v.Consent, err
	})
}
