package people

import (
	"context"
	"reflect"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// userChanges tells the values that are about power, and not about the person.
func userChanges(before, after *User) []audit.FieldChange {
	return audit.Compare(before.leaves(), after.leaves(),
		func(field string) bool { return field == "roles" || field == "email_verified" })
}

func (u *User) leaves() []audit.Leaf {
	v := reflect.ValueOf(u).Elem()
	own := []audit.Leaf{audit.LeafOf("username", v.FieldByName("Username")),
		audit.LeafOf("email", v.FieldByName("Email")), audit.LeafOf("email_verified", v.FieldByName("EmailVerified")),
		audit.LeafOf("external_id", v.FieldByName("ExternalID")), audit.LeafOf("roles", v.FieldByName("Roles"))}
	return audit.AppendLeaves(own, "", v.FieldByName("Profile"))
}

// UserChange is what to change of an account; nil leaves a field as it is.
type UserChange struct {
	Username      *string
	Email         *string
	EmailVerified *bool
	Profile       *Profile
	Roles         *[]storage.Role
	ExternalID    *string
	// Revision, if given, is that of the account as it was read.
	Revision *uint64
}

// Change edits an account. A new e-mail address, be it only spelled otherwise, is
// unverified unless the same change says that it is not. Errors: ErrForbidden,
// ErrNotFound, *Invalid, *Taken; ErrStale if the account is of another revision than
// the change says.
func (s Users) Change(ctx context.Context, by storage.Actor, id storage.ID, c UserChange) (*User, error) {
	// Before the transaction: a time zone is looked up on the disk.
	if err := c.validate(); err != nil {
		return nil, err
	}
	return s.alterUser(ctx, by, id, audit.ActUserChanged, func(tx kv.Txn, u *User, _ time.Time) error {
		if c.Revision != nil && *c.Revision != u.Revision {
			return storage.ErrStale
		}
		was := *u
		c.apply(u)
		if err := s.people.validateNewUsername(tx, was.Username, u.Username); err != nil {
			return err
		}
		return storage.ErrOr(u.emailVerified(), u.Profile.validateVisible(&was.Profile))
	})
}

// validate applies the rules to what is to change.
func (c UserChange) validate() error {
	if c.Username != nil {
		if err := validUsername(*c.Username); err != nil {
			return err
		}
	}
	if c.Email != nil {
		if err := table.ValidEmail(*c.Email); err != nil {
			return err
		}
	}
	if c.Roles != nil {
		if err := validRoles(*c.Roles); err != nil {
			return err
		}
	}
	if c.ExternalID != nil {
		if err := validExternalID(*c.ExternalID); err != nil {
			return err
		}
	}
	if c.Profile != nil {
		return c.Profile.Validate()
	}
	return nil
}

func (c UserChange) apply(u *User) {
	if c.Username != nil {
		u.Username = *c.Username
	}
	if c.Email != nil && *c.Email != u.Email {
		u.Email, u.EmailVerified = *c.Email, false
	}
	if c.EmailVerified != nil {
		u.EmailVerified = *c.EmailVerified
	}
	if c.Profile != nil {
		u.Profile = *c.Profile
	}
	if c.Roles != nil {
		u.Roles = *c.Roles
	}
	if c.ExternalID != nil {
		u.ExternalID = *c.ExternalID
	}
}

// SetPassword gives an account a new password (a sealed hash bound to its id) and
// ends every session and grant it has. An empty one: no signing in by password.
func (s Users) SetPassword(ctx context.Context, by storage.Actor, id storage.ID, sealed []byte) (*User, error) {
	return s.alterUser(ctx, by, id, audit.ActPasswordSet, func(_ kv.Txn, u *User, now time.Time) error {
		u.setPassword(sealed, now)
		return nil
	})
}

func (u *User) setPassword(sealed []byte, now time.Time) {
	u.replacePassword(sealed, now)
	u.Epoch++
}

// replacePassword dates each password later than the one before it, also within a second
// and when the clock was set back: recovery links know by the time which one it is.
func (u *User) replacePassword(sealed []byte, now time.Time) {
	if next := u.PasswordChanged.Add(time.Second); now.Before(next) {
		now = next
	}
	u.Password, u.PasswordChanged = sealed, now
}

// Rehash replaces the stored form of the same password. It changes nothing if the
// password was changed meanwhile.
func (s Users) Rehash(ctx context.Context, id storage.ID, old, sealed []byte) error {
	_, err := table.Update(ctx, s.people.DB, func(tx kv.Txn) (struct{}, error) {
		u, err := s.people.Users.Get(tx, table.Key{}.ID(id))
		if err != nil || u == nil || string(u.Password) != string(old) {
			return struct{}{}, err
		}
		u.Password = sealed
		return struct{}{}, s.people.Users.Put(tx, u)
	})
	return err
}

// Disable shuts an account out at once: sessions and grants end, and stay ended
// when it is enabled again.
func (s Users) Disable(ctx context.Context, by storage.Actor, id storage.ID) (*User, error) {
	return s.alterUser(ctx, by, id, audit.ActUserDisabled, func(_ kv.Txn, u *User, _ time.Time) error {
		if !u.Disabled {
			u.Disabled = true
			u.Epoch++
		}
		return nil
	})
}

// Enable lets a disabled account sign in again.
func (s Users) Enable(ctx context.Context, by storage.Actor, id storage.ID) (*User, error) {
	return s.alterUser(ctx, by, id, audit.ActUserEnabled, func(_ kv.Txn, u *User, _ time.Time) error {
		u.Disabled = false
		return nil
	})
}

// alterUser is the one way an account is changed by an administrator: permission,
// change, the rule about the last administrator, and audit.
func (s Users) alterUser(ctx context.Context, by storage.Actor, id storage.ID, act audit.Act,
	change func(kv.Txn, *User, time.Time) error) (*User, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	note, now := s.people.Trail.Note(by, act), s.people.DB.Instant()
	return table.Update(ctx, s.people.DB, func(tx kv.Txn) (*User, error) {
		u, err := storage.Found(s.people.Users.Get(tx, table.Key{}.ID(id)))
		if err != nil {
			return nil, err
		}
		before := *u
		if err := change(tx, u, now); err != nil {
			return nil, err
		}
		u.changed(now)
		if err := s.people.keepAnAdmin(tx, before.IsActiveAdmin(), u.IsActiveAdmin()); err != nil {
			return nil, err
		}
		if err := s.people.Users.Put(tx, u); err != nil {
			return nil, err
		}
		return u, s.people.Trail.Audit.Put(tx, note.About(u.ID, "", u.Username).With(userChanges(&before, u)))
	})
}

func (u *User) IsActiveAdmin() bool { return u.IsAdmin() && !u.Disabled }

// keepAnAdmin refuses a change that would leave nobody to administer. It looks at
// the accounts as they are stored, the one about to change among them.
func (people *People) keepAnAdmin(tx kv.Txn, was, is bool) error {
	if !was || is {
		return nil
	}
	p, err := people.Users.ScanIndex(tx, usersAdmins, nil, nil, 1000, false)
	if err != nil {
		return err
	}
	able := 0
	for _, u := range p.Items {
		if u.IsActiveAdmin() {
			able++
		}
	}
	if able < 2 {
		return storage.Invalidf("user", "is the last administrator: make another one first")
	}
	return nil
}

// Delete removes an account and what belongs to it alone. Its sessions, consents
// and grants are dead at once, and swept later. Its name may be used again, its id
// never is.
func (s Users) Delete(ctx context.Context, by storage.Actor, id storage.ID) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	note := s.people.Trail.Note(by, audit.ActUserDeleted)
	_, err := table.Update(ctx, s.people.DB, func(tx kv.Txn) (struct{}, error) {
		u, err := storage.Found(s.people.Users.Get(tx, table.Key{}.ID(id)))
		if err != nil {
			return struct{}{}, err
		}
		if err := s.people.keepAnAdmin(tx, u.IsActiveAdmin(), false); err != nil {
			return struct{}{}, err
		}
		for _, gone := range []func() error{
			func() error { return s.people.Memberships.Delete(tx, table.Key{}.ID(id)) },
			func() error { return s.people.attempts.Delete(tx, table.Key{}.ID(id)) },
			func() error { return s.people.Users.Delete(tx, table.Key{}.ID(id)) },
			func() error { return s.people.Trail.Audit.Put(tx, note.About(id, "", u.Username)) },
		} {
			if err := gone(); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}
