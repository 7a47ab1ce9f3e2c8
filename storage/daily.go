package storage

import (
	"time"

	"latchkey/internal/limit"
)

const (
	// signInsMost is how many users' sign-ins are counted at once, each kind of its own.
	signInsMost = 1 << 17
	// signInWaitMost is the longest that anybody waits for the next one.
	signInWaitMost = 30 * time.Second
)

// Count counts a code that is about to be made for a user, and returns how long to wait
// before it may be; 0: go on, by Create. set is the policy it was decided by.
//
// Each code is a grant, kept for a day even if nobody uses it, and with it come most of
// the lines that a user alone can add to the audit trail: consent given, withdrawn, given
// again, codes used twice. Whoever may sign in must not fill the disk by that.
func (s Grants) Count(user ID, set *Settings) (wait time.Duration) {
	return s.b.daily("code", user, set)
}

// Count is that of Grants for a user who has just proved the password: a session and a
// line in the audit trail follow. The two are counted apart, so that an app that has
// codes made all the time keeps nobody from signing in.
func (s Sessions) Count(user ID, set *Settings) (wait time.Duration) {
	return s.b.daily("password", user, set)
}

// daily counts in memory: a commit or a read would be owed by every sign-in there is, and
// what a restart forgives is a day's.
func (b *base) daily(what string, user ID, set *Settings) (wait time.Duration) {
	r, now := limit.Rate{Burst: set.DailySignIns, Every: min(24*time.Hour/time.Duration(set.DailySignIns), signInWaitMost)}, b.now()
	b.signIns.With(what+string(user[:]), func(s *limit.Spent) { wait = r.Take(s, now) })
	return wait
}
