package storage

import (
	"context"
	"time"

	"latchkey/internal/limit"
	"latchkey/storage/kv"
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
	now := a.b.instant()
	out, err := view(ctx, a.b, func(r kv.Reader) (looked, error) {
		set, err := a.b.settingsIn(r)
		switch {
		case err != nil:
			return looked{}, err
		case user == nil:
			return looked{throttle: set.Throttle, gone: true}, nil
		}
		return a.b.lookAccount(r, user.ID, browser, set.Throttle, now)
	})
	if err != nil || !out.gone {
		return out.Looked, err
	}
	a.b.strangers.With(canonicalLogin(name), func(f *limit.Failures) { out.Wait = out.throttle.pauses().Wait(*f, now) })
	return out.Looked, nil
}

// looked is what a look came to; gone: there is no such account.
type looked struct {
	Looked
	throttle Throttle
	gone     bool
}

func (b *base) lookAccount(r kv.Reader, user ID, browser []byte, t Throttle, now time.Time) (looked, error) {
	u, err := b.users.shared(r, key{}.id(user))
	if err != nil || u == nil {
		return looked{throttle: t, gone: true}, err
	}
	rec, err := b.attempts.get(r, key{}.id(user))
	if err != nil || rec == nil {
		return looked{}, err
	}
	return looked{Looked: Looked{Wait: t.pauses().Wait(rec.of(browser).failures(), now), Known: rec.known(browser) >= 0}}, nil
}
