package usecase

import (
	"context"

	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// AddUser adds a user; "" is no password. Errors: *keys.PasswordError, keys.ErrBusy,
// *storage.Invalid, *storage.Taken, storage.ErrForbidden, storage.ErrRepeated.
func (o *Operations) AddUser(ctx context.Context, by storage.Actor, once policy.Once, u people.User,
	password string) (*people.User, error) {
	u.ID = o.Store.Users.NewID()
	if password != "" {
		sealed, err := o.sealPassword(ctx, &u, password)
		if err != nil {
			return nil, err
		}
		u.Password = sealed
	}
	return o.Store.Users.CreateOnce(ctx, by, once, u)
}

// EditUser changes a user to what edit makes of the account as it stands. Errors: those of
// edit, *storage.Invalid, *storage.Taken, storage.ErrNotFound, storage.ErrForbidden,
// storage.ErrStale.
func (o *Operations) EditUser(ctx context.Context, by storage.Actor, id storage.ID,
	edit func(*people.User) (people.UserChange, error)) (*people.User, error) {
	o.edits.Lock()
	defer o.edits.Unlock()
	have, err := o.Store.Users.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	change, err := edit(have)
	if err != nil {
		return nil, err
	}
	change.Revision = &have.Revision
	return o.Store.Users.Change(ctx, by, id, change)
}

// UserEntry is an account as another system has it.
type UserEntry struct {
	Change       people.UserChange
	Disabled     *bool
	PasswordHash string // that the other system made; "": none
}

// UserSource is where an entry comes from: it is read when it is known which account
// there is already.
type UserSource struct {
	ExternalID string
	// Read makes the entry, by changing what there is of have; nil: there is none.
	Read func(have *people.User) (UserEntry, error)
}

// UserImportOptions are how users are imported.
type UserImportOptions struct {
	people.UserImportOptions
	AllowAdmin bool // take roles
}

// ImportUsers imports users, each taken or refused by itself: refusals are in the results,
// which come in the order of the entries.
func (o *Operations) ImportUsers(ctx context.Context, by storage.Actor, how UserImportOptions,
	entries []UserSource) ([]people.UserImported, error) {
	o.edits.Lock()
	defer o.edits.Unlock()
	done := make([]people.UserImported, 0, len(entries))
	all := userImport{Operations: o, by: by, how: how}
	for _, run := range runs(entries, func(e UserSource) string { return e.ExternalID }) {
		results, err := all.importRun(ctx, run)
		if err != nil {
			return nil, err
		}
		done = append(done, results...)
	}
	return done, nil
}

// userImport is one import of users.
type userImport struct {
	*Operations
	by  storage.Actor
	how UserImportOptions
}

// importRun imports entries with different external ids, in one commit.
func (i userImport) importRun(ctx context.Context, run []UserSource) ([]people.UserImported, error) {
	have := map[string]*people.User{}
	if i.how.Update {
		var ids []string
		for _, e := range run {
			ids = append(ids, e.ExternalID)
		}
		var err error
		if have, err = i.Store.Users.ByExternalIDs(ctx, ids); err != nil {
			return nil, err
		}
	}
	done := make([]people.UserImported, len(run))
	var entries []people.UserImport
	var at []int // of each entry, in the run
	for n, source := range run {
		entry, err := i.readUser(have[source.ExternalID], source)
		if err == nil && entry.Change.Roles != nil && !i.how.AllowAdmin {
			err = &storage.Invalid{Field: "roles", Reason: "are not taken by an import unless it is allowed"}
		}
		if err != nil && !isRefusal(err) {
			return nil, err
		}
		if err != nil {
			done[n].Outcome, done[n].Err = table.Refused, err
			continue
		}
		entries, at = append(entries, entry), append(at, n)
	}
	results, err := i.Store.Users.Import(ctx, i.by, i.how.UserImportOptions, entries)
	if err != nil {
		return nil, err
	}
	for k, result := range results {
		done[at[k]] = result
	}
	return done, nil
}

func (o *Operations) readUser(have *people.User, source UserSource) (in people.UserImport, err error) {
	e, err := source.Read(have)
	if err != nil {
		return in, err
	}
	in = people.UserImport{Change: e.Change, Disabled: e.Disabled}
	if have != nil {
		in.ID = have.ID
	} else {
		in.ID = o.Store.Users.NewID()
	}
	if e.PasswordHash != "" {
		in.Password, err = o.Hasher.Import(in.ID[:], e.PasswordHash)
		err = refusedHash("password_hash", err)
	}
	return in, err
}

// UpsertUser makes or changes the user with an external id. Doing it again changes
// nothing. A password hash is taken for accounts without a password only: the password
// kept here is likely the newer one.
func (o *Operations) UpsertUser(ctx context.Context, by storage.Actor,
	source UserSource) (u *people.User, made bool, err error) {
	o.edits.Lock()
	defer o.edits.Unlock()
	have, err := o.Store.Users.ByExternalIDs(ctx, []string{source.ExternalID})
	if err != nil {
		return nil, false, err
	}
	entry, err := o.readUser(have[source.ExternalID], source)
	if err != nil {
		return nil, false, err
	}
	entry.Change.ExternalID = &source.ExternalID
	how := people.UserImportOptions{Update: true}
	done, err := o.Store.Users.Import(ctx, by, how, []people.UserImport{entry})
	if err != nil {
		return nil, false, err
	}
	return done[0].User, done[0].Outcome == table.Created, done[0].Err
}
