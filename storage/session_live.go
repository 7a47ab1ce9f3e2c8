package storage

import (
	"context"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// Live returns those of the sessions that are alive, in the order given, each with
// its user.
func (s Sessions) Live(ctx context.Context, ids []ID) ([]SignedIn, error) {
	now := s.b.instant()
	return view(ctx, s.b, func(r kv.Reader) ([]SignedIn, error) {
		set, err := s.b.settingsIn(r)
		if err != nil {
			return nil, err
		}
		return s.b.signedIn(r, ids, set.Lifetimes, now)
	})
}

// Unended returns those of the sessions that have not ended, in the order given, each
// with its user: besides the live ones those that are idle. By these nobody is signed in
// any more, but what hangs on them is alive.
func (s Sessions) Unended(ctx context.Context, ids []ID) ([]SignedIn, error) {
	now := s.b.instant()
	return view(ctx, s.b, func(r kv.Reader) ([]SignedIn, error) {
		set, err := s.b.settingsIn(r)
		if err != nil {
			return nil, err
		}
		return s.b.unended(r, ids, set.Lifetimes, now)
	})
}

// Stored returns those of the sessions that are stored, alive or not, in the order
// given. They are shared: not to be changed.
func (s Sessions) Stored(ctx context.Context, ids []ID) ([]*Session, error) {
	return view(ctx, s.b, func(r kv.Reader) (out []*Session, err error) {
		for _, id := range ids {
			v, err := s.b.sessions.shared(r, key{}.id(id))
			if err != nil {
				return nil, err
			}
			if v != nil {
				out = append(out, v)
			}
		}
		return out, nil
	})
}

// BrowserLife is for how long, in seconds, a browser is to remember these sessions; 0:
// until it is closed. One whose person did not ask to stay signed in is enough for that:
// with one cookie for all, the others end early rather than this one late.
func (s Sessions) BrowserLife(ctx context.Context, ids []ID) (uint32, error) {
	return view(ctx, s.b, func(r kv.Reader) (uint32, error) {
		set, err := s.b.settingsIn(r)
		if err != nil {
			return 0, err
		}
		for _, id := range ids {
			v, err := s.b.sessions.shared(r, key{}.id(id))
			if err != nil {
				return 0, err
			}
			if v != nil && v.Short && v.Ended.IsZero() {
				return 0, nil
			}
		}
		return set.Lifetimes.SessionAbsolute, nil
	})
}

// OfUser returns a user's live sessions, newest first: those among up to limit
// stored ones after the cursor of an earlier page (nil: from the newest), and the
// cursor of the next page (nil: no more).
func (s Sessions) OfUser(ctx context.Context, user ID, after []byte, limit int) ([]SignedIn, []byte, error) {
	type out struct {
		live []SignedIn
		next []byte
	}
	now := s.b.instant()
	v, err := view(ctx, s.b, func(r kv.Reader) (out, error) {
		set, err := s.b.settingsIn(r)
		if err != nil {
			return out{}, err
		}
		p, err := s.b.sessions.scanIndex(r, sessionsByUser, key{}.id(user), after, limit, true)
		if err != nil {
			return out{}, err
		}
		ids := make([]ID, len(p.items))
		for i, v := range p.items {
			ids[i] = v.ID
		}
		live, err := s.b.signedIn(r, ids, set.Lifetimes, now)
		return out{live, p.next}, err
	})
	return v.live, v.next, err
}

func (b *base) signedIn(r kv.Reader, ids []ID, l Lifetimes, now time.Time) ([]SignedIn, error) {
	live, err := b.unended(r, ids, l, now)
	return slices.DeleteFunc(live, func(v SignedIn) bool { return v.Session.idle(l, now) }), err
}

func (b *base) unended(r kv.Reader, ids []ID, l Lifetimes, now time.Time) ([]SignedIn, error) {
	var live []SignedIn
	for _, id := range ids {
		v, err := b.sessions.shared(r, key{}.id(id))
		if err != nil {
			return nil, err
		}
		if v == nil || v.over(l, now) {
			continue
		}
		past, err := b.linePast(r, v, l, now)
		if err != nil {
			return nil, err
		}
		if past {
			continue
		}
		u, err := b.users.shared(r, key{}.id(v.User))
		if err != nil {
			return nil, err
		}
		if u != nil && !u.Disabled && u.Epoch == v.UserEpoch {
			live = append(live, SignedIn{Session: v, User: u})
		}
	}
	return live, nil
}

// linePast reports whether the first session of v's line is past its absolute end,
// which is the end of all that hangs on the line: a session that went on after it
// would let people in to apps whose grants are dead from the start.
func (b *base) linePast(r kv.Reader, v *Session, l Lifetimes, now time.Time) (bool, error) {
	if v.First.IsZero() {
		return false, nil // it is the first, and was looked at
	}
	first, err := b.sessions.shared(r, key{}.id(v.First))
	return first == nil || first.past(l, now), err // nil: swept, which only what is past is
}

// Touch notes that a session was used, at most once an hour; otherwise it does
// nothing. One that is over stays so.
func (s Sessions) Touch(ctx context.Context, v *Session) error {
	now := s.b.instant()
	hour := now.Truncate(time.Hour)
	if !v.Seen.Before(hour) {
		return nil
	}
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		set, err := s.b.settingsIn(tx)
		if err != nil {
			return struct{}{}, err
		}
		live, err := s.b.signedIn(tx, []ID{v.ID}, set.Lifetimes, now)
		if err != nil || len(live) == 0 {
			return struct{}{}, err
		}
		return struct{}{}, s.b.touch(tx, v.ID, hour)
	})
	return err
}

// touch slides the session's idle end within a transaction that writes anyway.
func (b *base) touch(tx kv.Txn, id ID, hour time.Time) error {
	v, err := b.sessions.shared(tx, key{}.id(id))
	if err != nil || v == nil || !v.Seen.Before(hour) {
		return err
	}
	seen := *v
	seen.Seen = hour
	return b.sessions.put(tx, &seen)
}
