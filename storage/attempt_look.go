package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// Look returns how long an attempt would have to wait, as Count does, and counts and
// writes nothing: whoever has to wait can be sent away before there is any work. 0 is
// no leave to check a password, for others may be counted meanwhile: Count gives that.
func (a Attempts) Look(ctx context.Context, name string, user *User, browser []byte) (time.Duration, error) {
	now := a.b.instant()
	out, err := view(ctx, a.b, func(r kv.Reader) (looked, error) {
		set, err := SettingsStore{a.b}.in(r)
		switch {
		case err != nil:
			return looked{}, err
		case user == nil:
			return looked{throttle: set.Throttle, gone: true}, nil
		}
		return a.b.lookAccount(r, user.ID, browser, set.Throttle, now)
	})
	if err != nil || !out.gone {
		return out.wait, err
	}
	return a.b.strangers.wait(canonicalLogin(name), out.throttle, now), nil
}

// looked is what a look came to; gone: there is no such account.
type looked struct {
	wait     time.Duration
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
	return looked{wait: rec.of(browser).wait(t, now)}, nil
}
