package people

import (
	"context"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Live returns those of the sessions that are alive, in the order given, each with
// its user.
func (s Sessions) Live(ctx context.Context, ids []storage.ID) ([]SignedIn, error) {
	now := s.people.DB.Instant()
	return table.View(ctx, s.people.DB, func(r kv.Reader) ([]SignedIn, error) {
		set, err := s.people.Policy.SettingsIn(r)
		if err != nil {
			return nil, err
		}
		return s.people.SignedIn(r, ids, set.Lifetimes, now)
	})
}

// Unended returns those of the sessions that have not ended, in the order given, each
// with its user: besides the live ones those that are idle. By these nobody is signed in
// any more, but what hangs on them is alive.
func (s Sessions) Unended(ctx context.Context, ids []storage.ID) ([]SignedIn, error) {
	now := s.people.DB.Instant()
	return table.View(ctx, s.people.DB, func(r kv.Reader) ([]SignedIn, error) {
		set, err := s.people.Policy.SettingsIn(r)
		if err != nil {
			return nil, err
		}
		return s.people.unended(r, ids, set.Lifetimes, now)
	})
}

// Stored returns those of the sessions that are stored, alive or not, in the order
// given. They are shared: not to be changed.
func (s Sessions) Stored(ctx context.Context, ids []storage.ID) ([]*Session, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) (out []*Session, err error) {
		for _, id := range ids {
			v, err := s.people.Sessions.Shared(r, table.Key{}.ID(id))
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
func (s Sessions) BrowserLife(ctx context.Context, ids []storage.ID) (uint32, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) (uint32, error) {
		set, err := s.people.Policy.SettingsIn(r)
		if err != nil {
			return 0, err
		}
		for _, id := range ids {
			v, err := s.people.Sessions.Shared(r, table.Key{}.ID(id))
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
// For tests.
func (s Sessions) OfUser(ctx context.Context, user storage.ID, after []byte, limit int) ([]SignedIn, []byte, error) {
	type out struct {
		live []SignedIn
		next []byte
	}
	now := s.people.DB.Instant()
	v, err := table.View(ctx, s.people.DB, func(r kv.Reader) (out, error) {
		set, err := s.people.Policy.SettingsIn(r)
		if err != nil {
			return out{}, err
		}
		p, err := s.people.Sessions.ScanIndex(r, sessionsByUser, table.Key{}.ID(user), after, limit, true)
		if err != nil {
			return out{}, err
		}
		ids := make([]storage.ID, len(p.Items))
		for i, v := range p.Items {
			ids[i] = v.ID
		}
		live, err := s.people.SignedIn(r, ids, set.Lifetimes, now)
		return out{live, p.Next}, err
	})
	return v.live, v.next, err
}

func (p *People) SignedIn(r kv.Reader, ids []storage.ID, l policy.Lifetimes, now time.Time) ([]SignedIn, error) {
	live, err := p.unended(r, ids, l, now)
	return slices.DeleteFunc(live, func(v SignedIn) bool { return v.Session.isIdle(l, now) }), err
}

func (p *People) unended(r kv.Reader, ids []storage.ID, l policy.Lifetimes, now time.Time) ([]SignedIn, error) {
	var live []SignedIn
	for _, id := range ids {
		v, err := p.Sessions.Shared(r, table.Key{}.ID(id))
		if err != nil {
			return nil, err
		}
		if v == nil || v.Over(l, now) {
			continue
		}
		past, err := p.lineEnded(r, v, l, now)
		if err != nil {
			return nil, err
		}
		if past {
			continue
		}
		u, err := p.Users.Shared(r, table.Key{}.ID(v.User))
		if err != nil {
			return nil, err
		}
		if u != nil && !u.Disabled && u.Epoch == v.UserEpoch {
			live = append(live, SignedIn{Session: v, User: u})
		}
	}
	return live, nil
}

// lineEnded reports whether the first session of v's line is past its absolute end,
// which is the end of all that hangs on the line: a session that went on after it
// would let people in to apps whose grants are dead from the start.
func (p *People) lineEnded(r kv.Reader, v *Session, l policy.Lifetimes, now time.Time) (bool, error) {
	if v.First.IsZero() {
		return false, nil // it is the first, and was looked at
	}
	first, err := p.Sessions.Shared(r, table.Key{}.ID(v.First))
	return first == nil || first.PastAbsoluteEnd(l, now), err // nil: swept, which only what is past is
}

// Touch notes that a session was used, at most once an hour; otherwise it does
// nothing. One that is over stays so.
func (s Sessions) Touch(ctx context.Context, v *Session) error {
	now := s.people.DB.Instant()
	hour := now.Truncate(time.Hour)
	if !v.Seen.Before(hour) {
		return nil
	}
	_, err := table.Update(ctx, s.people.DB, func(tx kv.Txn) (struct{}, error) {
		set, err := s.people.Policy.SettingsIn(tx)
		if err != nil {
			return struct{}{}, err
		}
		live, err := s.people.SignedIn(tx, []storage.ID{v.ID}, set.Lifetimes, now)
		if err != nil || len(live) == 0 {
			return struct{}{}, err
		}
		return struct{}{}, s.people.Touch(tx, v.ID, hour)
	})
	return err
}

// Touch slides the session's idle end within a transaction that writes anyway.
func (p *People) Touch(tx kv.Txn, id storage.ID, hour time.Time) error {
	v, err := p.Sessions.Shared(tx, table.Key{}.ID(id))
	if err != nil || v == nil || !v.Seen.Before(hour) {
		return err
	}
	seen := *v
	seen.Seen = hour
	return p.Sessions.Put(tx, &seen)
}
