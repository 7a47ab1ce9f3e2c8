package people

import (
	"context"
	"time"

	"latchkey/internal/limit"
	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Looked is what a look at an account's attempts came to.
type Looked struct {
	Wait  time.Duration // before the next attempt; 0: none
	Known bool          // the account has been signed in to from this browser
}

// Look returns how long an attempt would have to wait, as Count does, and counts and
// writes nothing: whoever has to wait can be sent away before there is any work. A Wait of
// 0 is no leave to check a password, since others may be counted meanwhile: Count gives that.
func (a Attempts) Look(ctx context.Context, name string, user *User, browser []byte) (Looked, error) {
	now := a.people.DB.Instant()
	out, err := table.View(ctx, a.people.DB, func(r kv.Reader) (looked, error) {
		set, err := a.people.Policy.SettingsIn(r)
		switch {
		case err != nil:
			return looked{}, err
		case user == nil:
			return looked{throttle: set.Throttle, gone: true}, nil
		}
		return a.people.lookAccount(r, user.ID, browser, set.Throttle, now)
	})
	if err != nil || !out.gone {
		return out.Looked, err
	}
	a.people.strangers.With(canonicalLogin(name),
		func(f *limit.Failures) { out.Wait = out.throttle.Pauses().Wait(*f, now) })
	return out.Looked, nil
}

// looked is what a look came to; gone: there is no such account.
type looked struct {
	Looked
	throttle policy.Throttle
	gone     bool
}

func (p *People) lookAccount(r kv.Reader, user storage.ID, browser []byte, t policy.Throttle,
	now time.Time) (looked, error) {
	u, err := p.Users.Shared(r, table.Key{}.ID(user))
	if err != nil || u == nil {
		return looked{throttle: t, gone: true}, err
	}
	rec, err := p.attempts.Get(r, table.Key{}.ID(user))
	if err != nil || rec == nil {
		return looked{}, err
	}
	return looked{Looked: Looked{Wait: t.Pauses().Wait(rec.counterOf(browser).failures(), now),
		Known: rec.indexOf(browser) >= 0}}, nil
}
