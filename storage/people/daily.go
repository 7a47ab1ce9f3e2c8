package people

import (
	"time"

	"latchkey/internal/limit"
	"latchkey/storage"
	"latchkey/storage/policy"
)

const (
	// signInsMost is how many users' sign-ins are counted at once, each kind of its own.
	maxSignIns = 1 << 17
	// signInWaitMost is the longest that anybody waits for the next one.
	maxSignInWait = 30 * time.Second
)

// Count is that of Grants for a user who has just proved the password: a session and a
// line in the audit trail follow. The two are counted apart, so that an app that has
// codes made all the time keeps nobody from signing in.
func (s Sessions) Count(user storage.ID, set *policy.Settings) (wait time.Duration) {
	return s.people.CountDaily("password", user, set)
}

// CountDaily counts in memory: a commit or a read would be owed by every sign-in there is, and
// what a restart forgives is a day's.
func (p *People) CountDaily(what string, user storage.ID, set *policy.Settings) (wait time.Duration) {
	r, now := limit.Rate{Burst: set.DailySignIns,
		Every: min(24*time.Hour/time.Duration(set.DailySignIns), maxSignInWait)}, p.DB.Now()
	p.signIns.With(what+string(user[:]), func(s *limit.Spent) { wait = r.Take(s, now) })
	return wait
}
