package people

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Guessed is what there is to say of the guessing at an account's password, from browsers
// that it does not know.
type Guessed struct {
	// Now is the row of failures that has not ended; zero: there is none.
	Now Guessing
	// Until is when such a browser may try again; zero: now.
	Until time.Time
	// Told is a long row that the person is to be told of and has not put aside; nil: none.
	Told *Guessing
}

// Guessed returns what there is to say of a user's account. The actor must be the user, or
// administer. Errors: ErrForbidden.
func (a Attempts) Guessed(ctx context.Context, by storage.Actor, user storage.ID) (Guessed, error) {
	if !by.Administers() && by.User != user {
		return Guessed{}, storage.ErrForbidden
	}
	now := a.people.DB.Instant()
	return table.View(ctx, a.people.DB, func(r kv.Reader) (Guessed, error) {
		set, err := a.people.Policy.SettingsIn(r)
		if err != nil {
			return Guessed{}, err
		}
		rec, err := a.people.attempts.Get(r, table.Key{}.ID(user))
		if err != nil || rec == nil {
			return Guessed{}, err
		}
		out, p, f := Guessed{Told: rec.Guessed}, set.Throttle.Pauses(), rec.Open.failures()
		if f.Count > 0 && !p.Over(f, now) {
			out.Now = Guessing(rec.Open)
		}
		if wait := p.Wait(f, now); wait > 0 {
			out.Until = now.Add(wait)
		}
		return out, nil
	})
}

// Unlock ends all waiting for an account: its failures are taken back. What its owner is
// to be told of stays. Errors: ErrForbidden, ErrNotFound.
func (a Attempts) Unlock(ctx context.Context, by storage.Actor, user storage.ID) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	note, now := a.people.Trail.Note(by, audit.ActUserUnlocked), a.people.DB.Instant()
	_, err := table.Update(ctx, a.people.DB, func(tx kv.Txn) (struct{}, error) {
		if _, err := storage.Found(a.people.Users.Get(tx, table.Key{}.ID(user))); err != nil {
			return struct{}{}, err
		}
		err := a.people.changeAttempts(tx, user, func(rec *attempts) {
			rec.Open = counter{Start: now}
			for i := range rec.Known {
				rec.Known[i].Counter = counter{Start: now}
			}
		})
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, a.people.Trail.Audit.Put(tx, note.About(user, "", ""))
	})
	return err
}

// PutAside notes that the actor has read what there was to be told of their own account.
// Errors: ErrForbidden.
func (a Attempts) PutAside(ctx context.Context, by storage.Actor) error {
	if by.User.IsZero() || by.ReadOnly {
		return storage.ErrForbidden
	}
	_, err := table.Update(ctx, a.people.DB, func(tx kv.Txn) (struct{}, error) {
		rec, err := a.people.attempts.Get(tx, table.Key{}.ID(by.User))
		if err != nil || rec == nil || rec.Guessed == nil {
			return struct{}{}, err
		}
		rec.Guessed = nil
		return struct{}{}, a.people.attempts.Put(tx, rec)
	})
	return err
}
