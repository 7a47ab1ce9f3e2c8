package storage

import (
	"bytes"
	"context"
	"errors"
	"time"

	"latchkey/storage/kv"
)

// UserImport is one account as another system has it.
type UserImport struct {
	// ID is of the account that Change.ExternalID leads to, or a fresh one: a
	// password's seal is bound to it.
	ID       ID
	Change   UserChange
	Disabled *bool  // nil: as it is
	Password []byte // sealed hash; empty: as it is
}

// UserImportOptions say how far an import may go.
type UserImportOptions struct {
	// Update changes the account that has the external id, if there is one. Else
	// only new accounts are made.
	Update bool
	// ReplacePasswords gives accounts that have a password another one. Else
	// only those without get one: the password kept here is likely the newer.
	ReplacePasswords bool
	// DryRun says what would happen, and does nothing.
	DryRun bool
}

// Outcome is what became of one entry of an import.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Changed   Outcome = "changed"
	Unchanged Outcome = "unchanged"
	Refused   Outcome = "refused"
)

// UserImported is what became of one entry. Err says why it was refused: *Invalid,
// *Taken, or ErrStale if the account became another one meanwhile.
type UserImported struct {
	Outcome Outcome
	User    *User // nil if refused
	Err     error
}

// UserImportMost is how many entries one import takes: a transaction has its
// limits, and whoever waits behind it their patience.
const UserImportMost = 100

// Import makes or changes accounts, in the order of the entries, in one commit.
// Each is taken whole or refused whole; a refused one does not hold up the others.
// What an entry does not name stays as it is, and an account that would not change
// is not written, so that an import may be repeated. Errors: ErrForbidden, *Invalid
// if there are too many entries.
func (s Users) Import(ctx context.Context, by Actor, o UserImportOptions, entries []UserImport) ([]UserImported, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	if len(entries) > UserImportMost {
		return nil, invalid("users", "must be at most %d at once", UserImportMost)
	}
	ready := make([]userImport, len(entries))
	for i := range entries {
		ready[i] = s.b.readyImport(by, o, entries[i])
	}
	return importAll(ctx, s.b, o.DryRun, ready, func(tx kv.Txn, e userImport) (UserImported, error) {
		done, err := s.b.importUser(tx, e)
		if refusal(err) {
			return UserImported{Outcome: Refused, Err: err}, nil
		}
		return done, err
	})
}

// userImport is an entry with all that must not be made within a transaction.
type userImport struct {
	UserImport
	UserImportOptions
	now   time.Time
	notes [3]Event
	fault error
}

func (b *base) readyImport(by Actor, o UserImportOptions, e UserImport) userImport {
	r := userImport{UserImport: e, UserImportOptions: o, now: b.instant(), fault: e.Change.validate()}
	for i, act := range []Act{ActUserCreated, ActUserDisabled, ActPasswordSet} {
		r.notes[i] = b.note(by, act)
	}
	return r
}

// rehearsal is the error by which a dry run leaves its transaction: nothing is
// kept, and what would have happened is known.
type rehearsal[R any] struct{ done []R }

func (rehearsal[R]) Error() string { return "storage: a dry run" }

// importAll runs one entry after the other in one transaction.
func importAll[E, R any](ctx context.Context, b *base, dry bool, entries []E, one func(kv.Txn, E) (R, error)) ([]R, error) {
	done, err := update(ctx, b, func(tx kv.Txn) ([]R, error) {
		done := make([]R, len(entries))
		for i := range entries {
			var err error
			if done[i], err = one(tx, entries[i]); err != nil {
				return nil, err
			}
		}
		if dry {
			return nil, rehearsal[R]{done}
		}
		return done, nil
	})
	var would rehearsal[R]
	if errors.As(err, &would) {
		return would.done, nil
	}
	return done, err
}

// refusal reports whether an error concerns one entry alone.
func refusal(err error) bool {
	var bad *Invalid
	var taken *Taken
	return errors.As(err, &bad) || errors.As(err, &taken) || errors.Is(err, ErrStale)
}

// importUser writes nothing before it is sure that nothing will be refused: the
// transaction goes on with the next entry.
func (b *base) importUser(tx kv.Txn, e userImport) (UserImported, error) {
	if e.fault != nil {
		return UserImported{}, e.fault
	}
	var have *User
	if id := e.Change.ExternalID; e.Update && id != nil {
		var err error
		if have, err = b.byExternalID(tx, *id); err != nil {
			return UserImported{}, err
		}
	}
	if have == nil {
		return b.importNew(tx, e)
	}
	return b.importChange(tx, e, have)
}

func (b *base) importNew(tx kv.Txn, e userImport) (UserImported, error) {
	u := User{ID: e.ID, Created: e.now, Updated: e.now, Password: e.Password}
	e.Change.apply(&u)
	u.Disabled = e.Disabled != nil && *e.Disabled
	if len(u.Password) > 0 {
		u.PasswordChanged = e.now
	}
	if err := validUsername(u.Username); err != nil {
		return UserImported{}, err
	}
	if err := u.Profile.validateVisible(&Profile{}); err != nil {
		return UserImported{}, err
	}
	if err := errOr(u.emailVerified(), b.users.conflict(tx, &u)); err != nil {
		return UserImported{}, err
	}
	made, err := b.addUser(tx, u, e.notes[0])
	return UserImported{Outcome: Created, User: made}, err
}

func (b *base) importChange(tx kv.Txn, e userImport, u *User) (UserImported, error) {
	before, err := encode(u)
	if err != nil {
		return UserImported{}, err
	}
	was := *u
	e.Change.apply(u)
	if e.Disabled != nil {
		u.Disabled = *e.Disabled
	}
	if u.Disabled && !was.Disabled {
		u.Epoch++
	}
	notes := []Event{e.notes[0]}
	notes[0].Act, notes[0].Changes = ActUserChanged, userChanges(&was, u)
	if u.Disabled != was.Disabled {
		notes = append(notes, e.notes[1])
		if !u.Disabled {
			notes[1].Act = ActUserEnabled
		}
	}
	if len(e.Password) > 0 && (e.ReplacePasswords || len(u.Password) == 0) {
		if u.ID != e.ID {
			return UserImported{}, ErrStale // the seal is bound to another account
		}
		u.setPassword(e.Password, e.now)
		notes = append(notes, e.notes[2])
	}
	after, err := encode(u)
	if err != nil || bytes.Equal(before, after) {
		return UserImported{Outcome: Unchanged, User: u}, err
	}
	u.changed(e.now)
	for _, rule := range []error{b.validateNewUsername(tx, was.Username, u.Username), u.Profile.validateVisible(&was.Profile), u.emailVerified(), b.keepAnAdmin(tx, was.governs(), u.governs()), b.users.conflict(tx, u)} {
		if rule != nil {
			return UserImported{}, rule
		}
	}
	if err := b.users.put(tx, u); err != nil {
		return UserImported{}, err
	}
	for _, note := range notes {
		if err := b.audit.put(tx, note.about(u.ID, "", u.Username)); err != nil {
			return UserImported{}, err
		}
	}
	return UserImported{Outcome: Changed, User: u}, nil
}

// emailVerified refuses an account that vouches for an address it does not have.
func (u *User) emailVerified() error {
	if u.EmailVerified && u.Email == "" {
		return invalid("email_verified", "needs an e-mail address")
	}
	return nil
}
