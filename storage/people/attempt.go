package people

import (
	"context"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/limit"
	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// attempts counts failed passwords of one account: one counter for browsers it
// never signed in from, and one each for the few it did, so that a stranger's
// guessing does not slow the owner down.
type attempts struct {
	User  storage.ID     `cbor:"1,keyasint"`
	Open  counter        `cbor:"2,keyasint,omitzero"`
	Known []knownBrowser `cbor:"3,keyasint,omitempty"`
	// Guessed is what its owner should be told; nil: nothing, or they were.
	Guessed *Guessing `cbor:"4,keyasint,omitempty"`
}

// counter is a row of failures.
type counter struct {
	Failures uint32    `cbor:"1,keyasint,omitempty"`
	Start    time.Time `cbor:"2,keyasint"` // of the row
	Last     time.Time `cbor:"3,keyasint"`
}

type knownBrowser struct {
	Browser []byte  `cbor:"1,keyasint"`
	Counter counter `cbor:"2,keyasint,omitzero"`
}

// Guessing is a row of wrong passwords from browsers that the account does not know.
type Guessing struct {
	Failures uint32    `cbor:"1,keyasint"`
	Start    time.Time `cbor:"2,keyasint"` // the first one
	Last     time.Time `cbor:"3,keyasint"`
}

const (
	// knownMost is how many browsers an account's record remembers.
	maxKnown = 8
	// guessedEvery is after how many failures in a row the owner is told, and told again
	// (NIST SP 800-63B section 5.2.2 takes 100 for the most that is allowed).
	guessedEvery = 100
	// strangersMost is how many names of nobody are remembered: more than two processor
	// cores can hash passwords for in three quarters of an hour. Whoever makes one be
	// forgotten by that learns that the name is nobody's.
	maxStrangers = 1 << 18
)

func (c counter) failures() limit.Failures {
	return limit.Failures{Count: c.Failures, Last: c.Last.Unix()}
}

// count applies the throttle to one attempt at the instant now. An allowed one is
// counted as a failure at once: success takes it back. A refused one changes nothing.
func (c *counter) count(t policy.Throttle, now time.Time) time.Duration {
	f := c.failures()
	wait := t.Pauses().Count(&f, now)
	if wait == 0 && f.Count == 1 {
		c.Start = now
	}
	c.Failures, c.Last = f.Count, time.Unix(f.Last, 0).UTC()
	return wait
}

// Attempts throttles the guessing of passwords.
type Attempts struct{ people *People }

func attemptTable() table.Table[attempts] {
	return table.Table[attempts]{Name: "attempts", Space: table.SpaceAttempts,
		Key: func(a *attempts) table.Key { return table.Key{}.ID(a.User) }, Ready: (*attempts).ready}
}

func (a *attempts) ready(table.Key) {
	table.InUTC(&a.Open.Start, &a.Open.Last)
	for i := range a.Known {
		table.InUTC(&a.Known[i].Counter.Start, &a.Known[i].Counter.Last)
	}
	if a.Guessed != nil {
		table.InUTC(&a.Guessed.Start, &a.Guessed.Last)
	}
}

// Count counts one attempt to sign in by name from a browser, and returns how long
// to wait before it may be made; 0: go on and check the password. user is the
// account the name leads to, nil for none: names that lead nowhere are counted by
// the same rule, in memory of a fixed size, so that an answer does not tell
// whether an account exists.
func (a Attempts) Count(ctx context.Context, name string, user *User, browser []byte) (time.Duration, error) {
	now := a.people.DB.Instant()
	if user != nil {
		note := a.people.Trail.Note(storage.Actor{Via: storage.ViaPage}, audit.ActGuessing)
		out, err := table.Update(ctx, a.people.DB, func(tx kv.Txn) (counted, error) {
			return a.people.countAccount(tx, user.ID, browser, now, note)
		})
		if err != nil || !out.gone {
			return out.wait, err
		}
	}
	set, err := table.View(ctx, a.people.DB, a.people.Policy.SettingsIn)
	if err != nil {
		return 0, err
	}
	var wait time.Duration
	a.people.strangers.With(canonicalLogin(name),
		func(f *limit.Failures) { wait = set.Throttle.Pauses().Count(f, now) })
	return wait, nil
}

// counted is the outcome of counting on an account; gone: it is no more.
type counted struct {
	wait time.Duration
	gone bool
}

func (p *People) countAccount(tx kv.Txn, user storage.ID, browser []byte, now time.Time, note audit.Event) (counted,
	error) {
	set, err := p.Policy.SettingsIn(tx)
	if err != nil {
		return counted{}, err
	}
	u, err := p.Users.Shared(tx, table.Key{}.ID(user))
	if err != nil || u == nil {
		return counted{gone: true}, err // deleted just now: its record must not come back
	}
	rec, err := p.attempts.Get(tx, table.Key{}.ID(user))
	if err != nil {
		return counted{}, err
	}
	if rec == nil {
		rec = &attempts{User: user}
	}
	c := rec.counterOf(browser)
	if wait := c.count(set.Throttle, now); wait > 0 {
		return counted{wait: wait}, nil
	}
	if c == &rec.Open && c.Failures%guessedEvery == 0 {
		rec.Guessed = &Guessing{Failures: c.Failures, Start: c.Start, Last: c.Last}
		if err := p.Trail.Audit.Put(tx, note.About(user, "",
			strconv.Itoa(int(c.Failures))+" wrong passwords in a row")); err != nil {
			return counted{}, err
		}
	}
	return counted{}, p.attempts.Put(tx, rec)
}

func (a *attempts) counterOf(browser []byte) *counter {
	if i := a.indexOf(browser); i >= 0 {
		return &a.Known[i].Counter
	}
	return &a.Open
}

// indexOf returns the place of a browser among those that the account knows; -1: it has none.
func (a *attempts) indexOf(browser []byte) int {
	return slices.IndexFunc(a.Known, func(k knownBrowser) bool {
		return len(browser) > 0 && string(k.Browser) == string(browser)
	})
}

// Succeeded takes the failures of a browser back, since the user's password was right,
// where no session follows: one that does takes them back itself.
func (a Attempts) Succeeded(ctx context.Context, user storage.ID, browser []byte) error {
	now := a.people.DB.Instant()
	_, err := table.Update(ctx, a.people.DB, func(tx kv.Txn) (struct{}, error) {
		u, err := a.people.Users.Shared(tx, table.Key{}.ID(user))
		if err != nil || u == nil {
			return struct{}{}, err // deleted just now: its record must not come back
		}
		return struct{}{}, a.people.succeeded(tx, user, browser, now)
	})
	return err
}

// succeeded takes the browser's failures back and remembers the browser.
func (p *People) succeeded(tx kv.Txn, user storage.ID, browser []byte, now time.Time) error {
	return p.changeAttempts(tx, user, func(rec *attempts) {
		*rec.counterOf(browser) = counter{Start: now}
		rec.rememberBrowser(browser, now)
	})
}

// rememberBrowser puts a browser in front: the ones that signed in longest ago are forgotten
// first.
func (a *attempts) rememberBrowser(browser []byte, now time.Time) {
	if len(browser) == 0 {
		return
	}
	if i := a.indexOf(browser); i >= 0 {
		a.Known = slices.Delete(a.Known, i, i+1)
	}
	a.Known = slices.Insert(a.Known, 0, knownBrowser{Browser: browser, Counter: counter{Start: now}})
	a.Known = a.Known[:min(len(a.Known), maxKnown)]
}

// changeAttempts changes an account's record, or begins it.
func (p *People) changeAttempts(tx kv.Txn, user storage.ID, change func(*attempts)) error {
	rec, err := p.attempts.Get(tx, table.Key{}.ID(user))
	if err != nil {
		return err
	}
	if rec == nil {
		rec = &attempts{User: user}
	}
	change(rec)
	return p.attempts.Put(tx, rec)
}
