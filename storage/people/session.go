package people

import (
	"context"
	"strings"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// SweepSessions deletes those that have ended, or are past their absolute end: a grant may
// outlive its session's idleness, but not that. What settings say is over must have
// been so for as long as what is over otherwise: see Settings.stood.
func (p *People) SweepSessions(tx kv.Txn, after []byte, before time.Time) (table.Swept, error) {
	set, err := p.Policy.SettingsIn(tx)
	if err != nil {
		return table.Swept{}, err
	}
	return table.Sweep(tx, &p.Sessions, after, func(v *Session) (bool, error) {
		if !v.Ended.IsZero() && v.Latest.IsZero() {
			return v.Ended.Before(before), nil
		}
		return set.UnchangedSince(before) && v.PastAbsoluteEnd(set.Lifetimes, before), nil
	})
}

// Session is one account signed in at one browser.
type Session struct {
	ID        storage.ID `cbor:"1,keyasint"`
	User      storage.ID `cbor:"2,keyasint"`
	UserEpoch uint64     `cbor:"3,keyasint,omitempty"`
	AuthTime  time.Time  `cbor:"4,keyasint"`           // when the user last proved who they are
	AMR       []string   `cbor:"5,keyasint,omitempty"` // how (RFC 8176 section 2)
	ACR       string     `cbor:"6,keyasint,omitempty"`
	Created   time.Time  `cbor:"7,keyasint"`
	Seen      time.Time  `cbor:"8,keyasint"` // whole hours: a session is written at most once in each
	Ended     time.Time  `cbor:"9,keyasint"` // zero: not ended
	UserAgent string     `cbor:"10,keyasint,omitempty"`
	Address   string     `cbor:"11,keyasint,omitempty"` // the client's, at sign-in
	// First is the session that this one goes on from, over any number of sign-ins
	// again; zero: it is the first itself. Latest, of a first one, is the session
	// that stands for all of them now; zero: itself.
	First  storage.ID `cbor:"12,keyasint,omitzero"`
	Latest storage.ID `cbor:"13,keyasint,omitzero"`
	// Short says that the person did not ask to stay signed in: it ends after
	// ShortSession. Of a first session it is what the one says that stands for it.
	Short bool `cbor:"14,keyasint,omitempty"`
}

// ShortSession is how long a session lasts at most whose person did not ask to stay
// signed in.
const ShortSession = 12 * time.Hour

// Life is how long the session may last from Created, however much it is used.
func (s *Session) Life(l policy.Lifetimes) time.Duration {
	if s.Short {
		return min(ShortSession, policy.Seconds(l.SessionAbsolute))
	}
	return policy.Seconds(l.SessionAbsolute)
}

// Line names a session and all that it goes on from: what grants hang on and apps
// know as one session, however often its user signs in again.
func (s *Session) Line() storage.ID {
	if s.First.IsZero() {
		return s.ID
	}
	return s.First
}

// SignedIn is a live session with its user. Both are shared: not to be changed.
type SignedIn struct {
	Session *Session
	User    *User
}

// Sessions holds the sessions of all browsers.
type Sessions struct{ people *People }

const sessionsByUser = 0

func sessionTable() table.Table[Session] {
	return table.Table[Session]{Name: "sessions", Space: table.SpaceSessions, Cache: &table.Decoded[Session]{},
		Key:   func(s *Session) table.Key { return table.Key{}.ID(s.ID) },
		Ready: func(s *Session, _ table.Key) { table.InUTC(&s.AuthTime, &s.Created, &s.Seen, &s.Ended) },
		Indexes: []table.Index[Session]{
			sessionsByUser: {Space: table.SpaceSessionsByUser,
				Keys: func(s *Session) []table.Key { return []table.Key{table.Key{}.ID(s.User)} }},
		}}
}

// Over reports whether the session is past its end. Being idle is an end for the
// browser; grants that hang on the session outlive mere idleness.
func (s *Session) Over(l policy.Lifetimes, now time.Time) bool {
	return !s.Ended.IsZero() || s.PastAbsoluteEnd(l, now)
}

// PastAbsoluteEnd reports whether the session is past its absolute end.
func (s *Session) PastAbsoluteEnd(l policy.Lifetimes, now time.Time) bool {
	return !now.Before(s.Created.Add(s.Life(l)))
}

func (s *Session) isIdle(l policy.Lifetimes, now time.Time) bool {
	// Seen is rounded down to the hour, so the idle time is counted from that
	// hour's end: nobody is signed out early.
	return now.After(s.Seen.Add(time.Hour + policy.Seconds(l.SessionIdle)))
}

// NewSession is what a successful sign-in knows.
type NewSession struct {
	User      storage.ID
	UserEpoch uint64 // of the user whose password was checked: a change meanwhile refuses
	AMR       []string
	ACR       string
	UserAgent string // at most 256 bytes are kept
	Address   string
	Browser   []byte // names the browser for the throttle
	Short     bool   // the person did not ask to stay signed in
	// Replaces is the session of the same user in this browser; zero: none. It ends, or
	// what stands for it by now, and the new one goes on from it: what hangs on it lives
	// on.
	Replaces  storage.ID
	RequestID string
}

// Start signs a user in: a new session with an id of its own, its failures taken
// back, the session it replaces ended. ErrStale if the user was disabled, changed or deleted since the
// password was checked.
func (s Sessions) Start(ctx context.Context, n NewSession) (*Session, error) {
	now := s.people.DB.Instant()
	v := s.people.prepareSession(n, now)
	note := s.people.Trail.Note(storage.Actor{User: n.User, Via: storage.ViaPage, RequestID: n.RequestID},
		audit.ActSignIn)
	return table.Update(ctx, s.people.DB, func(tx kv.Txn) (*Session, error) {
		u, err := s.people.Users.Get(tx, table.Key{}.ID(n.User))
		if err != nil {
			return nil, err
		}
		if u == nil || u.Disabled || u.Epoch != n.UserEpoch {
			return nil, storage.ErrStale
		}
		v, err := s.people.insertSession(tx, v, n, now)
		if err != nil {
			return nil, err
		}
		return v, s.people.Trail.Audit.Put(tx, note.About(n.User, "", ""))
	})
}

// prepareSession makes a session before the transaction that begins it.
func (p *People) prepareSession(n NewSession, now time.Time) Session {
	return Session{ID: p.DB.NewID(), User: n.User, UserEpoch: n.UserEpoch, AuthTime: now, AMR: n.AMR, ACR: n.ACR,
		Short: n.Short, Created: now, Seen: now.Truncate(time.Hour),
		UserAgent: strings.ToValidUTF8(n.UserAgent[:min(len(n.UserAgent), 256)], ""), Address: n.Address}
}

// insertSession stores a session of a user who has just proved who they are, in place of the
// one it replaces.
func (p *People) insertSession(tx kv.Txn, v Session, n NewSession, now time.Time) (_ *Session, err error) {
	if v.First, err = p.replaceSession(tx, n.Replaces, &v, now); err != nil {
		return nil, err
	}
	if err := p.succeeded(tx, n.User, n.Browser, now); err != nil {
		return nil, err
	}
	return &v, p.Sessions.Put(tx, &v)
}

// replaceSession ends the session old, or what stands for it by now, if it is next's user's and has
// not ended, lets next stand for it, and returns the first session of their line; zero:
// next begins one of its own, for a line is not longer than its first session may be.
func (p *People) replaceSession(tx kv.Txn, old storage.ID, next *Session, now time.Time) (storage.ID, error) {
	if old.IsZero() {
		return storage.ID{}, nil
	}
	v, err := p.currentSession(tx, old)
	if err != nil || v == nil || v.User != next.User {
		return storage.ID{}, err
	}
	if err := p.endSession(tx, v, now); err != nil {
		return storage.ID{}, err
	}
	first, err := p.Sessions.Get(tx, table.Key{}.ID(v.Line()))
	if err != nil || first == nil {
		return storage.ID{}, err // swept: the line is past its absolute end
	}
	set, err := p.Policy.SettingsIn(tx)
	if err != nil || first.PastAbsoluteEnd(set.Lifetimes, now) {
		return storage.ID{}, err
	}
	// From now on the line lasts as long as the person asked for this time.
	if first.Latest, first.Short = next.ID, next.Short; first.PastAbsoluteEnd(set.Lifetimes, now) {
		return storage.ID{}, nil
	}
	return first.ID, p.Sessions.Put(tx, first)
}

// currentSession returns the session id, or, if its user has signed in again meanwhile, the one
// that stands for it. Nil: it has ended, or there is none. Nobody is signed in by an old
// id; but whoever brings one, in another tab perhaps, means the session that it was.
func (p *People) currentSession(r kv.Reader, id storage.ID) (*Session, error) {
	v, err := p.Sessions.Get(r, table.Key{}.ID(id))
	if err != nil || v == nil || v.Ended.IsZero() {
		return v, err
	}
	first, err := p.Sessions.Get(r, table.Key{}.ID(v.Line()))
	if err != nil || first == nil || first.Latest.IsZero() {
		return nil, err
	}
	last, err := p.Sessions.Get(r, table.Key{}.ID(first.Latest))
	if err != nil || last == nil || !last.Ended.IsZero() {
		return nil, err
	}
	return last, nil
}

func (p *People) endSession(tx kv.Txn, v *Session, now time.Time) error {
	v.Ended = now
	return p.Sessions.Put(tx, v)
}

// End ends sessions: the grants that hang on them die with them. Of one that went on
// under another id, when its user signed in again, it ends what stands for it. Those that
// do not exist or have ended are passed over. The actor must own each, or administer.
func (s Sessions) End(ctx context.Context, by storage.Actor, ids ...storage.ID) error {
	now, notes := s.people.DB.Instant(), make([]audit.Event, len(ids))
	for i := range ids {
		notes[i] = s.people.Trail.Note(by, audit.ActSignOut)
	}
	_, err := table.Update(ctx, s.people.DB, func(tx kv.Txn) (struct{}, error) {
		for i, id := range ids {
			v, err := s.people.currentSession(tx, id)
			if err != nil {
				return struct{}{}, err
			}
			if v == nil {
				continue
			}
			if err := by.MayTouch(v.User); err != nil {
				return struct{}{}, err
			}
			if err := s.people.endSession(tx, v, now); err != nil {
				return struct{}{}, err
			}
			if err := s.people.Trail.Audit.Put(tx, notes[i].About(v.User, "", "")); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}
