package people

import (
	"context"
	"strconv"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// endSlice is how many sessions one transaction of EndAll looks at, few enough not
// to be noticed by whoever waits behind it.
const endSlice = 200

// EndAll ends every session that a user has when it begins, on every device, newest
// first and a slice at a time; it returns how many. What the user allowed apps for
// the time they are away stays: it does not hang on a session. The actor must be the
// user, or administer. Stopped half way, it may be called again.
func (s Sessions) EndAll(ctx context.Context, by storage.Actor, user storage.ID) (int, error) {
	if err := by.MayTouch(user); err != nil {
		return 0, err
	}
	now, ended := s.people.DB.Instant(), 0
	for after := []byte(nil); ; {
		note := s.people.Trail.Note(by, audit.ActSignOut)
		out, err := table.Update(ctx, s.people.DB,
			func(tx kv.Txn) (table.Swept, error) { return s.people.endSessions(tx, user, after, now, note) })
		if err != nil {
			return ended, err
		}
		ended += out.N
		if after = out.Next; after == nil {
			return ended, nil
		}
	}
}

// endSessions ends a slice of a user's sessions, with one audit event for all of them.
func (people *People) endSessions(tx kv.Txn, user storage.ID, after []byte, now time.Time,
	note audit.Event) (table.Swept, error) {
	p, err := people.Sessions.ScanIndex(tx, sessionsByUser, table.Key{}.ID(user), after, endSlice, true)
	if err != nil {
		return table.Swept{}, err
	}
	out := table.Swept{Next: p.Next}
	for _, v := range p.Items {
		if !v.Ended.IsZero() {
			continue
		}
		v.Ended = now
		if err := people.Sessions.Put(tx, v); err != nil {
			return table.Swept{}, err
		}
		out.N++
	}
	if out.N == 0 {
		return out, nil
	}
	return out, people.Trail.Audit.Put(tx, note.About(user, "", "everywhere: "+strconv.Itoa(out.N)))
}
