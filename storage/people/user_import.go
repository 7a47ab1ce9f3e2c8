package people

import (
	"bytes"
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// UserImport is one account as another system has it.
type UserImport struct {
	// ID is of the account that Change.ExternalID leads to, or a fresh one: a
	// password's seal is bound to it.
	ID       storage.ID
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

// UserImported is what became of one entry. Err says why it was refused: *Invalid,
// *Taken, or ErrStale if the account became another one meanwhile.
type UserImported struct {
	Outcome table.Outcome
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
func (s Users) Import(ctx context.Context, by storage.Actor, o UserImportOptions,
	entries []UserImport) ([]UserImported, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	if len(entries) > UserImportMost {
		return nil, storage.Invalidf("users", "must be at most %d at once", UserImportMost)
	}
	ready := make([]userImport, len(entries))
	for i := range entries {
		ready[i] = s.people.readyImport(by, o, entries[i])
	}
	return table.ImportAll(ctx, s.people.DB, o.DryRun, ready, func(tx kv.Txn, e userImport) (UserImported, error) {
		done, err := s.people.importUser(tx, e)
		if table.Refusal(err) {
			return UserImported{Outcome: table.Refused, Err: err}, nil
		}
		return done, err
	})
}

// userImport is an entry with all that must not be made within a transaction.
type userImport struct {
	UserImport
	UserImportOptions
	now   time.Time
	notes [3]audit.Event
	fault error
}

func (p *People) readyImport(by storage.Actor, o UserImportOptions, e UserImport) userImport {
	r := userImport{UserImport: e, UserImportOptions: o, now: p.DB.Instant(), fault: e.Change.validate()}
	for i, act := range []audit.Act{audit.ActUserCreated, audit.ActUserDisabled, audit.ActPasswordSet} {
		r.notes[i] = p.Trail.Note(by, act)
	}
	return r
}

// importUser writes nothing before it is sure that nothing will be refused: the
// transaction goes on with the next entry.
func (p *People) importUser(tx kv.Txn, e userImport) (UserImported, error) {
	if e.fault != nil {
		return UserImported{}, e.fault
	}
	var have *User
	if id := e.Change.ExternalID; e.Update && id != nil {
		var err error
		if have, err = p.byExternalID(tx, *id); err != nil {
			return UserImported{}, err
		}
	}
	if have == nil {
		return p.importNew(tx, e)
	}
	return p.importChange(tx, e, have)
}

func (p *People) importNew(tx kv.Txn, e userImport) (UserImported, error) {
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
	if err := storage.ErrOr(u.emailVerified(), p.Users.CheckUnique(tx, &u)); err != nil {
		return UserImported{}, err
	}
	made, err := p.addUser(tx, u, e.notes[0])
	return UserImported{Outcome: table.Created, User: made}, err
}

func (p *People) importChange(tx kv.Txn, e userImport, u *User) (UserImported, error) {
	before, err := table.Encode(u)
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
	notes := []audit.Event{e.notes[0]}
	notes[0].Act, notes[0].Changes = audit.ActUserChanged, userChanges(&was, u)
	if u.Disabled != was.Disabled {
		notes = append(notes, e.notes[1])
		if !u.Disabled {
			notes[1].Act = audit.ActUserEnabled
		}
	}
	if len(e.Password) > 0 && (e.ReplacePasswords || len(u.Password) == 0) {
		if u.ID != e.ID {
			return UserImported{}, storage.ErrStale // the seal is bound to another account
		}
		u.setPassword(e.Password, e.now)
		notes = append(notes, e.notes[2])
	}
	after, err := table.Encode(u)
	if err != nil || bytes.Equal(before, after) {
		return UserImported{Outcome: table.Unchanged, User: u}, err
	}
	u.changed(e.now)
	for _, rule := range []error{p.validateNewUsername(tx, was.Username, u.Username),
		u.Profile.validateVisible(&was.Profile), u.emailVerified(),
		p.keepAnAdmin(tx, was.IsActiveAdmin(), u.IsActiveAdmin()),
		p.Users.CheckUnique(tx, u)} {
		if rule != nil {
			return UserImported{}, rule
		}
	}
	if err := p.Users.Put(tx, u); err != nil {
		return UserImported{}, err
	}
	for _, note := range notes {
		if err := p.Trail.Audit.Put(tx, note.About(u.ID, "", u.Username)); err != nil {
			return UserImported{}, err
		}
	}
	return UserImported{Outcome: table.Changed, User: u}, nil
}

// emailVerified refuses an account that vouches for an address it does not have.
func (u *User) emailVerified() error {
	if u.EmailVerified && u.Email == "" {
		return storage.Invalidf("email_verified", "needs an e-mail address")
	}
	return nil
}
