package storage

import (
	"context"
	"strings"
	"time"

	"latchkey/storage/kv"
)

// Session is one account signed in at one browser.
type Session struct {
	ID        ID        `cbor:"1,keyasint"`
	User      ID        `cbor:"2,keyasint"`
	UserEpoch uint64    `cbor:"3,keyasint,omitempty"`
	AuthTime  time.Time `cbor:"4,keyasint"`           // when the user last proved who they are
	AMR       []string  `cbor:"5,keyasint,omitempty"` // how (RFC 8176 section 2)
	ACR       string    `cbor:"6,keyasint,omitempty"`
	Created   time.Time `cbor:"7,keyasint"`
	Seen      time.Time `cbor:"8,keyasint"` // whole hours: a session is written at most once in each
	Ended     time.Time `cbor:"9,keyasint"` // zero: not ended
	UserAgent string    `cbor:"10,keyasint,omitempty"`
	Address   string    `cbor:"11,keyasint,omitempty"` // the client's, at sign-in
	// First is the session that this one goes on from, over any number of sign-ins
	// again; zero: it is the first itself. Latest, of a first one, is the session
	// that stands for all of them now; zero: itself.
	First  ID `cbor:"12,keyasint,omitzero"`
	Latest ID `cbor:"13,keyasint,omitzero"`
	// Short says that the person did not ask to stay signed in: it ends after
	// ShortSession. Of a first session it is what the one says that stands for it.
	Short bool `cbor:"14,keyasint,omitempty"`
}

// ShortSession is how long a session lasts at most whose person did not ask to stay
// signed in.
const ShortSession = 12 * time.Hour

// Life is how long the session may last from Created, however much it is used.
func (s *Session) Life(l Lifetimes) time.Duration {
	if s.Short {
		return min(ShortSession, Seconds(l.SessionAbsolute))
	}
	return Seconds(l.SessionAbsolute)
}

// Line names a session and all that it goes on from: what grants hang on and apps
// know as one session, however often its user signs in again.
func (s *Session) Line() ID {
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
type Sessions struct{ b *base }

const sessionsByUser = 0

func sessionTable() table[Session] {
	return table[Session]{name: "sessions", space: spaceSessions, cache: &decoded[Session]{},
		key:   func(s *Session) key { return key{}.id(s.ID) },
		ready: func(s *Session, _ key) { inUTC(&s.AuthTime, &s.Created, &s.Seen, &s.Ended) },
		indexes: []index[Session]{
			sessionsByUser: {space: spaceSessionsByUser, keys: func(s *Session) []key { return []key{key{}.id(s.User)} }},
		}}
}

// over reports whether the session is past its end. Being idle is an end for the
// browser; grants that hang on the session outlive mere idleness.
func (s *Session) over(l Lifetimes, now time.Time) bool {
	return !s.Ended.IsZero() || s.past(l, now)
}

// past reports whether the session is past its absolute end.
func (s *Session) past(l Lifetimes, now time.Time) bool {
	return !now.Before(s.Created.Add(s.Life(l)))
}

func (s *Session) idle(l Lifetimes, now time.Time) bool {
	// Seen is rounded down to the hour, so the idle time is counted from that
	// hour's end: nobody is signed out early.
	return now.After(s.Seen.Add(time.Hour + Seconds(l.SessionIdle)))
}

// NewSession is what a successful sign-in knows.
type NewSession struct {
	User      ID
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
	Replaces  ID
	RequestID string
}

// Start signs a user in: a new session with an id of its own, its failures taken
// back, the session it replaces ended. ErrStale if the user was disabled, changed or deleted since the
// password was checked.
func (s Sessions) Start(ctx context.Context, n NewSession) (*Session, error) {
	now := s.b.instant()
	v := s.b.prepareSession(n, now)
	note := s.b.note(Actor{User: n.User, Via: ViaPage, RequestID: n.RequestID}, ActSignIn)
	return update(ctx, s.b, func(tx kv.Txn) (*Session, error) {
		u, err := s.b.users.get(tx, key{}.id(n.User))
		if err != nil {
			return nil, err
		}
		if u == nil || u.Disabled || u.Epoch != n.UserEpoch {
			return nil, ErrStale
		}
		v, err := s.b.begin(tx, v, n, now)
		if err != nil {
			return nil, err
		}
		return v, s.b.audit.put(tx, note.about(n.User, "", ""))
	})
}

// prepareSession makes a session before the transaction that begins it.
func (b *base) prepareSession(n NewSession, now time.Time) Session {
	return Session{ID: b.newID(), User: n.User, UserEpoch: n.UserEpoch, AuthTime: now, AMR: n.AMR, ACR: n.ACR,
		Short: n.Short, Created: now, Seen: now.Truncate(time.Hour), UserAgent: strings.ToValidUTF8(n.UserAgent[:min(len(n.UserAgent), 256)], ""), Address: n.Address}
}

// begin stores a session of a user who has just proved who they are, in place of the
// one it replaces.
func (b *base) begin(tx kv.Txn, v Session, n NewSession, now time.Time) (_ *Session, err error) {
	if v.First, err = b.goOn(tx, n.Replaces, &v, now); err != nil {
		return nil, err
	}
	if err := b.succeeded(tx, n.User, n.Browser, now); err != nil {
		return nil, err
	}
	return &v, b.sessions.put(tx, &v)
}

// goOn ends the session old, or what stands for it by now, if it is next's user's and has
// not ended, lets next stand for it, and returns the first session of their line; zero:
// next begins one of its own, for a line is not longer than its first session may be.
func (b *base) goOn(tx kv.Txn, old ID, next *Session, now time.Time) (ID, error) {
	if old.IsZero() {
		return ID{}, nil
	}
	v, err := b.standing(tx, old)
	if err != nil || v == nil || v.User != next.User {
		return ID{}, err
	}
	if err := b.endSession(tx, v, now); err != nil {
		return ID{}, err
	}
	first, err := b.sessions.get(tx, key{}.id(v.Line()))
	if err != nil || first == nil {
		return ID{}, err // swept: the line is past its absolute end
	}
	set, err := b.settingsIn(tx)
	if err != nil || first.past(set.Lifetimes, now) {
		return ID{}, err
	}
	// From now on the line lasts as long as the person asked for this time.
	if first.Latest, first.Short = next.ID, next.Short; first.past(set.Lifetimes, now) {
		return ID{}, nil
	}
	return first.ID, b.sessions.put(tx, first)
}

// standing returns the session id, or, if its user has signed in again meanwhile, the one
// that stands for it. Nil: it has ended, or there is none. Nobody is signed in by an old
// id; but whoever brings one, in another tab perhaps, means the session that it was.
func (b *base) standing(r kv.Reader, id ID) (*Session, error) {
	v, err := b.sessions.get(r, key{}.id(id))
	if err != nil || v == nil || v.Ended.IsZero() {
		return v, err
	}
	first, err := b.sessions.get(r, key{}.id(v.Line()))
	if err != nil || first == nil || first.Latest.IsZero() {
		return nil, err
	}
	last, err := b.sessions.get(r, key{}.id(first.Latest))
	if err != nil || last == nil || !last.Ended.IsZero() {
		return nil, err
	}
	return last, nil
}

func (b *base) endSession(tx kv.Txn, v *Session, now time.Time) error {
	v.Ended = now
	return b.sessions.put(tx, v)
}

// End ends sessions: the grants that hang on them die with them. Of one that went on
// under another id, when its user signed in again, it ends what stands for it. Those that
// do not exist or have ended are passed over. The actor must own each, or administer.
func (s Sessions) End(ctx context.Context, by Actor, ids ...ID) error {
	now, notes := s.b.instant(), make([]Event, len(ids))
	for i := range ids {
		notes[i] = s.b.note(by, ActSignOut)
	}
	_, err := update(ctx, s.b, func(tx kv.Txn) (struct{}, error) {
		for i, id := range ids {
			v, err := s.b.standing(tx, id)
			if err != nil {
				return struct{}{}, err
			}
			if v == nil {
				continue
			}
			if err := by.mayTouch(v.User); err != nil {
				return struct{}{}, err
			}
			if err := s.b.endSession(tx, v, now); err != nil {
				return struct{}{}, err
			}
			if err := s.b.audit.put(tx, notes[i].about(v.User, "", "")); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}
