package storage

import (
	"context"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// attempts counts failed passwords of one account: one counter for browsers it
// never signed in from, and one each for the few it did, so that a stranger's
// guessing does not slow the owner down.
type attempts struct {
	User  ID             `cbor:"1,keyasint"`
	Open  counter        `cbor:"2,keyasint,omitzero"`
	Known []knownBrowser `cbor:"3,keyasint,omitempty"`
}

type counter struct {
	Failures uint32    `cbor:"1,keyasint,omitempty"`
	Start    time.Time `cbor:"2,keyasint"` // of the window
	Last     time.Time `cbor:"3,keyasint"`
}

type knownBrowser struct {
	Browser []byte  `cbor:"1,keyasint"`
	Counter counter `cbor:"2,keyasint,omitzero"`
}

// knownMost is how many browsers an account's record remembers.
const knownMost = 8

// turn is the instant of an attempt made at now, which is not before those counted.
func (c counter) turn(now time.Time) time.Time {
	if ahead := c.Last.Sub(now); ahead > 0 && ahead <= overtaking {
		return c.Last
	}
	return now
}

// count applies the throttle to one attempt at the instant now. An allowed one is
// counted as a failure at once: success takes it back. So attempts made at the
// same moment cannot all pass. A refused one changes nothing.
func (c *counter) count(t Throttle, now time.Time) (wait time.Duration) {
	now = c.turn(now)
	if wait := c.wait(t, now); wait > 0 {
		return wait
	}
	if c.window(t, now) <= 0 {
		*c = counter{Start: now}
	}
	c.Failures++
	c.Last = now
	return 0
}

// wait is how long after now an attempt is refused; 0: it is allowed.
func (c counter) wait(t Throttle, now time.Time) time.Duration {
	now = c.turn(now)
	window := c.window(t, now)
	if window <= 0 || c.Failures < t.Failures || now.Before(c.Last) {
		return 0
	}
	return max(0, min(Seconds(t.Pause)-now.Sub(c.Last), window))
}

// window is how much of the window is left; 0 or less: what was counted is over.
func (c counter) window(t Throttle, now time.Time) time.Duration {
	if now.Before(c.Start) { // the clock was set back
		return 0
	}
	return c.Start.Add(Seconds(t.Window)).Sub(now)
}

// Attempts throttles the guessing of passwords.
type Attempts struct{ b *base }

func attemptTable() table[attempts] {
	return table[attempts]{name: "attempts", space: spaceAttempts,
		key: func(a *attempts) key { return key{}.id(a.User) }, ready: (*attempts).ready}
}

func (a *attempts) ready(key) {
	inUTC(&a.Open.Start, &a.Open.Last)
	for i := range a.Known {
		inUTC(&a.Known[i].Counter.Start, &a.Known[i].Counter.Last)
	}
}

// Count counts one attempt to sign in by name from a browser, and returns how long
// to wait before it may be made; 0: go on and check the password. user is the
// account the name leads to, nil for none: names that lead nowhere are counted by
// the same rule, in memory of a fixed size, so that an answer does not tell
// whether an account exists.
func (a Attempts) Count(ctx context.Context, name string, user *User, browser []byte) (time.Duration, error) {
	now := a.b.instant()
	if user != nil {
		out, err := update(ctx, a.b, func(tx kv.Txn) (counted, error) {
			return a.b.countAccount(tx, user.ID, browser, now)
		})
		if err != nil || !out.gone {
			return out.wait, err
		}
	}
	set, err := SettingsStore{a.b}.Get(ctx)
	if err != nil {
		return 0, err
	}
	return a.b.strangers.count(canonicalLogin(name), set.Throttle, now), nil
}

// counted is the outcome of counting on an account; gone: it is no more.
type counted struct {
	wait time.Duration
	gone bool
}

func (b *base) countAccount(tx kv.Txn, user ID, browser []byte, now time.Time) (counted, error) {
	set, err := SettingsStore{b}.in(tx)
	if err != nil {
		return counted{}, err
	}
	u, err := b.users.shared(tx, key{}.id(user))
	if err != nil || u == nil {
		return counted{gone: true}, err // deleted just now: its record must not come back
	}
	rec, err := b.attempts.get(tx, key{}.id(user))
	if err != nil {
		return counted{}, err
	}
	if rec == nil {
		rec = &attempts{User: user}
	}
	if wait := rec.of(browser).count(set.Throttle, now); wait > 0 {
		return counted{wait: wait}, nil
	}
	return counted{}, b.attempts.put(tx, rec)
}

func (a *attempts) of(browser []byte) *counter {
	for i := range a.Known {
		if len(browser) > 0 && string(a.Known[i].Browser) == string(browser) {
			return &a.Known[i].Counter
		}
	}
	return &a.Open
}

// succeeded takes the browser's failures back and remembers the browser, in front:
// the ones that signed in longest ago are forgotten first.
func (b *base) succeeded(tx kv.Txn, user ID, browser []byte, now time.Time) error {
	rec, err := b.attempts.get(tx, key{}.id(user))
	if err != nil {
		return err
	}
	if rec == nil {
		rec = &attempts{User: user}
	}
	*rec.of(browser) = counter{Start: now}
	if len(browser) > 0 {
		rec.Known = slices.DeleteFunc(rec.Known, func(k knownBrowser) bool { return string(k.Browser) == string(browser) })
		rec.Known = append([]knownBrowser{{Browser: browser, Counter: counter{Start: now}}}, rec.Known...)
		rec.Known = rec.Known[:min(len(rec.Known), knownMost)]
	}
	return b.attempts.put(tx, rec)
}
