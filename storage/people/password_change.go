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

// PasswordChange is another password that users give their own account, having
// proved that they know the one it has.
type PasswordChange struct {
	// Old is the sealed hash that what they typed was checked against. New, sealed and
	// bound to their id, takes its place.
	Old, New []byte
	// EndOthers ends all that was begun with the old password elsewhere: every other
	// session, and every grant, those for the time the user is away included. Without
	// it nothing ends.
	EndOthers bool
	// Session goes on from the one that the change was made in (Replaces), under an id
	// of its own: whoever holds the old one holds nothing.
	Session NewSession
}

// PasswordChanged is what a change led to.
type PasswordChanged struct {
	Session *Session // stands for the one that the change was made in
	Ended   int      // other sessions that were alive, of the newest 1,000
}

// countMost is how many sessions are looked at to say how many have ended.
const maxCount = 1000

// ChangePassword gives the actor's own account another password, and takes back the
// failure that the check of the old one was counted as. Errors: ErrForbidden for
// anybody else, ErrStale if the password, the account or the session is not what it
// was when the old one was checked.
func (s Users) ChangePassword(ctx context.Context, by storage.Actor, c PasswordChange) (*PasswordChanged, error) {
	if by.User.IsZero() || by.User != c.Session.User {
		return nil, storage.ErrForbidden
	}
	note, now := s.people.Trail.Note(by, audit.ActPasswordChanged), s.people.DB.Instant()
	next := s.people.prepareSession(c.Session, now)
	return table.Update(ctx, s.people.DB, func(tx kv.Txn) (*PasswordChanged, error) {
		u, err := s.people.userToChange(tx, &c, now)
		if err != nil {
			return nil, err
		}
		out, detail, v := PasswordChanged{}, "", next
		if c.EndOthers {
			// Counted, not written: a new epoch ends them all at once.
			if out.Ended, err = s.people.countOtherSessions(tx, u, c.Session.Replaces, now); err != nil {
				return nil, err
			}
			u.Epoch++
			detail = "everywhere else: " + strconv.Itoa(out.Ended)
		}
		u.replacePassword(c.New, now)
		u.changed(now)
		if err := s.people.Users.Put(tx, u); err != nil {
			return nil, err
		}
		v.UserEpoch = u.Epoch
		if out.Session, err = s.people.insertSession(tx, v, c.Session, now); err != nil {
			return nil, err
		}
		return &out, s.people.Trail.Audit.Put(tx, note.About(u.ID, "", detail))
	})
}

// userToChange returns the user whose password changes, if all is as it was when the old
// one was checked. A recovery meanwhile, or the same form sent twice, is not undone.
func (p *People) userToChange(tx kv.Txn, c *PasswordChange, now time.Time) (*User, error) {
	set, err := p.Policy.SettingsIn(tx)
	if err != nil {
		return nil, err
	}
	live, err := p.SignedIn(tx, []storage.ID{c.Session.Replaces}, set.Lifetimes, now)
	if err != nil {
		return nil, err
	}
	if len(live) == 0 || live[0].User.ID != c.Session.User {
		return nil, storage.ErrStale
	}
	u, err := p.Users.Get(tx, table.Key{}.ID(c.Session.User))
	if err == nil && (u.Epoch != c.Session.UserEpoch || len(u.Password) == 0 || string(u.Password) != string(c.Old)) {
		err = storage.ErrStale
	}
	return u, err
}

// countOtherSessions counts a user's live sessions but one.
func (people *People) countOtherSessions(tx kv.Txn, u *User, but storage.ID, now time.Time) (n int, err error) {
	set, err := people.Policy.SettingsIn(tx)
	if err != nil {
		return 0, err
	}
	p, err := people.Sessions.ScanIndex(tx, sessionsByUser, table.Key{}.ID(u.ID), nil, maxCount, true)
	for _, v := range p.Items {
		if v.ID != but && v.UserEpoch == u.Epoch && !v.Over(set.Lifetimes, now) && !v.isIdle(set.Lifetimes, now) {
			n++
		}
	}
	return n, err
}
