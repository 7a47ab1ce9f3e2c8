package storage

import (
	"context"
	"strconv"
	"time"

	"latchkey/storage/kv"
)

// endSlice is how many sessions one transaction of EndAll looks at, few enough not
// to be noticed by whoever waits behind it.
const endSlice = 200

// EndAll ends every session that a user has when it begins, on every device, newest
// first and a slice at a time; it returns how many. What the user allowed apps for
// the time they are away stays: it does not hang on a session. The actor must be the
// user, or administer. Stopped half way, it may be called again.
func (s Sessions) EndAll(ctx context.Context, by Actor, user ID) (int, error) {
	if err := by.mayTouch(user); err != nil {
		return 0, err
	}
	now, ended := s.b.instant(), 0
	for after := []byte(nil); ; {
		note := s.b.note(by, ActSignOut)
		out, err := update(ctx, s.b, func(tx kv.Txn) (swept, error) { return s.b.endSome(tx, user, after, now, note) })
		if err != nil {
			return ended, err
		}
		ended += out.n
		if after = out.next; after == nil {
			return ended, nil
		}
	}
}

// endSome ends a slice of a user's sessions, with one audit event for all of them.
func (b *base) endSome(tx kv.Txn, user ID, after []byte, now time.Time, note Event) (swept, error) {
	p, err := b.sessions.scanIndex(tx, sessionsByUser, key{}.id(user), after, endSlice, true)
	if err != nil {
		return swept{}, err
	}
	out := swept{next: p.next}
	for _, v := range p.items {
		if !v.Ended.IsZero() {
			continue
		}
		v.Ended = now
		if err := b.sessions.put(tx, v); err != nil {
			return swept{}, err
		}
		out.n++
	}
	if out.n == 0 {
		return out, nil
	}
	return out, b.audit.put(tx, note.about(user, "", "everywhere: "+strconv.Itoa(out.n)))
}
