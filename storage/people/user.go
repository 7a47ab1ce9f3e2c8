package people

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// User is an account. ID is its subject identifier: it never changes and is never
// given to another.
type User struct {
	ID              storage.ID     `cbor:"1,keyasint"`
	Username        string         `cbor:"2,keyasint"`
	Email           string         `cbor:"3,keyasint,omitempty"`
	EmailVerified   bool           `cbor:"4,keyasint,omitempty"`
	Profile         Profile        `cbor:"5,keyasint,omitzero"`
	Password        []byte         `cbor:"6,keyasint,omitempty"` // sealed hash; empty: cannot sign in by password
	Roles           []storage.Role `cbor:"7,keyasint,omitempty"`
	Disabled        bool           `cbor:"8,keyasint,omitempty"`
	Epoch           uint64         `cbor:"9,keyasint,omitempty"` // one more ends every session and grant
	Created         time.Time      `cbor:"10,keyasint"`
	Updated         time.Time      `cbor:"11,keyasint"`
	PasswordChanged time.Time      `cbor:"12,keyasint"`
	// ExternalID is what the platform that the account belongs to knows it by. It
	// is no name to sign in with, and no claim.
	ExternalID string       `cbor:"13,keyasint,omitempty"`
	Groups     []storage.ID `cbor:"14,keyasint,omitempty"` // by Groups.Join and Leave alone
	// Revision is one more at every change of the account; joining and leaving groups
	// and what signing in does to the password's stored form are none.
	Revision uint64 `cbor:"15,keyasint,omitempty"`
}

// changed marks a change made at now.
func (u *User) changed(now time.Time) {
	u.Updated = now
	u.Revision++
}

// Subject is the sub claim (OpenID Connect Core section 2), and never equal to a
// client's id: see Clients.
func (u *User) Subject() string { return u.ID.String() }

// IsAdmin reports whether the user administers this provider.
func (u *User) IsAdmin() bool { return slices.Contains(u.Roles, storage.RoleAdmin) }

// DisplayName is how pages address the user.
func (u *User) DisplayName() string {
	if u.Profile.Name != "" {
		return u.Profile.Name
	}
	return u.Username
}

// Actor is the user acting through a door.
func (u *User) Actor(via storage.Via, requestID string) storage.Actor {
	return storage.Actor{User: u.ID, Roles: u.Roles, Via: via, RequestID: requestID}
}

// Users holds the accounts. Usernames and e-mail addresses are unique over every
// spelling that people take for the same.
type Users struct{ people *People }

const (
	usersByUsername = iota
	usersByEmail
	usersAdmins
	usersByExternalID
	usersByGroup
)

func userTable() table.Table[User] {
	return table.Table[User]{Name: "users", Space: table.SpaceUsers, Cache: &table.Decoded[User]{},
		Key:   func(u *User) table.Key { return table.Key{}.ID(u.ID) },
		Ready: func(u *User, _ table.Key) { table.InUTC(&u.Created, &u.Updated, &u.PasswordChanged) },
		Indexes: []table.Index[User]{
			usersByUsername: {Field: "username", Space: table.SpaceUsersByUsername, Unique: true,
				Keys: func(u *User) []table.Key {
					name, _ := canonicalUsername(u.Username)
					return []table.Key{table.Key{}.Str(name)}
				}},
			usersByEmail: {Field: "email", Space: table.SpaceUsersByEmail, Unique: true,
				Keys: func(u *User) []table.Key {
					if u.Email == "" {
						return nil
					}
					return []table.Key{table.Key{}.Str(table.CanonicalEmail(u.Email))}
				}, Alike: func(u *User) (keys []table.Key) {
					for _, form := range alikeEmails(u.Email) {
						keys = append(keys, table.Key{}.Str(form))
					}
					return keys
				}},
			usersAdmins: {Space: table.SpaceAdmins, Keys: func(u *User) []table.Key {
				if !u.IsAdmin() {
					return nil
				}
				return []table.Key{{}}
			}},
			usersByExternalID: {Field: "external_id", Space: table.SpaceUsersByExternal, Unique: true,
				Keys: func(u *User) []table.Key {
					if u.ExternalID == "" {
						return nil
					}
					return []table.Key{table.Key{}.Str(u.ExternalID)}
				}},
			usersByGroup: {Space: table.SpaceUsersByGroup, Keys: func(u *User) (keys []table.Key) {
				for _, id := range u.Groups {
					keys = append(keys, table.Key{}.ID(id))
				}
				return keys
			}},
		}}
}

func (u *User) validate() error {
	if err := validUsername(u.Username); err != nil {
		return err
	}
	if err := table.ValidEmail(u.Email); err != nil {
		return err
	}
	if err := validRoles(u.Roles); err != nil {
		return err
	}
	if err := validExternalID(u.ExternalID); err != nil {
		return err
	}
	return storage.ErrOr(u.Profile.Validate(), u.Profile.validateVisible(&Profile{}))
}

// validExternalID takes whatever another system may use: the bytes are compared as
// they are.
func validExternalID(s string) error {
	if len(s) > 255 {
		return storage.Invalidf("external_id", "must be at most 255 bytes long")
	}
	return storage.PlainText("external_id", s)
}

func validRoles(roles []storage.Role) error {
	for _, r := range roles {
		if r != storage.RoleAdmin {
			return storage.Invalidf("roles", "must be %q, not %q", storage.RoleAdmin, r)
		}
	}
	return nil
}

// NewID makes the id of a user about to be created: a password's seal is bound to
// it.
func (s Users) NewID() storage.ID { return s.people.DB.NewID() }

// Create adds an account. v.ID comes from NewID; zero: a fresh one. Its times,
// epoch, status and groups are not v's to say. Errors: ErrForbidden, *Invalid, *Taken.
func (s Users) Create(ctx context.Context, by storage.Actor, v User) (*User, error) {
	return s.CreateOnce(ctx, by, policy.Once{}, v)
}

// CreateOnce is Create for a request that may be sent again: ErrRepeated if it was.
func (s Users) CreateOnce(ctx context.Context, by storage.Actor, once policy.Once, v User) (*User, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	note := s.people.Trail.Note(by, audit.ActUserCreated)
	if err := s.people.prepareUser(&v); err != nil {
		return nil, err
	}
	return table.Update(ctx, s.people.DB, func(tx kv.Txn) (*User, error) {
		if err := s.people.Policy.OnlyOnce(tx, once, v.Subject(), v.Created); err != nil {
			return nil, err
		}
		return s.people.addUser(tx, v, note)
	})
}

// prepareUser fills what a new account has, before the transaction.
func (p *People) prepareUser(v *User) error {
	now := p.DB.Instant()
	v.Created, v.Updated, v.Epoch, v.Disabled, v.Groups = now, now, 0, false, nil
	v.EmailVerified = v.EmailVerified && v.Email != "" // says nothing without an address
	if len(v.Password) > 0 {
		v.PasswordChanged = now
	}
	if v.ID.IsZero() {
		v.ID = p.DB.NewID()
	}
	return v.validate()
}

func (p *People) addUser(tx kv.Txn, v User, note audit.Event) (*User, error) {
	if err := p.validateNewUsername(tx, "", v.Username); err != nil {
		return nil, err
	}
	if used, err := table.IDInUse(tx, v.ID); err != nil || used {
		return nil, storage.ErrOr(err, &storage.Taken{Field: "sub"})
	}
	if err := p.Users.Put(tx, &v); err != nil {
		return nil, err
	}
	return &v, p.Trail.Audit.Put(tx, note.About(v.ID, "", v.Username))
}

// ValidateNew returns all that keeps a new account from having this username and this
// e-mail address, which may be empty: *Invalid and *Taken, at most one for each. A form
// asks first, to say all at once; whoever writes is asked again.
func (s Users) ValidateNew(ctx context.Context, username, email string) (refused []error, err error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) ([]error, error) {
		var refused []error
		for _, err := range []error{
			cmp.Or(validUsername(username), s.people.validateNewUsername(r, "", username),
				s.people.Users.CheckUnique(r, &User{Username: username})),
			cmp.Or(table.ValidEmail(email), s.people.Users.CheckUnique(r, &User{Email: email})),
		} {
			var invalid *storage.Invalid
			var taken *storage.Taken
			switch {
			case errors.As(err, &invalid), errors.As(err, &taken):
				refused = append(refused, err)
			case err != nil:
				return nil, err
			}
		}
		return refused, nil
	})
}

// SetUp creates the first administrator. The link must be a live set-up link, and
// is used up in the same transaction: of two people who open it, one succeeds. Who
// sets up is not known to own the e-mail address: it is unverified. Errors:
// ErrSetUp, ErrLink, *Invalid, *Taken.
func (s Users) SetUp(ctx context.Context, link []byte, requestID string, v User) (*User, error) {
	v.Roles, v.EmailVerified = []storage.Role{storage.RoleAdmin}, false
	if err := s.people.prepareUser(&v); err != nil {
		return nil, err
	}
	note, now := s.people.Trail.Note(storage.Actor{User: v.ID, Via: storage.ViaPage, RequestID: requestID},
		audit.ActSetUp), s.people.DB.Instant()
	return table.Update(ctx, s.people.DB, func(tx kv.Txn) (*User, error) {
		if done, err := s.people.hasAdmin(tx); err != nil || done {
			return nil, storage.ErrOr(err, storage.ErrSetUp)
		}
		if _, err := s.people.useLink(tx, link, LinkSetUp, now); err != nil {
			return nil, err
		}
		return s.people.addUser(tx, v, note)
	})
}

// HasAdmin reports whether an administrator exists.
func (s Users) HasAdmin(ctx context.Context) (bool, error) {
	return table.View(ctx, s.people.DB, func(r kv.Reader) (bool, error) { return s.people.hasAdmin(r) })
}

func (p *People) hasAdmin(r kv.Reader) (bool, error) {
	n, err := p.countAdmins(r, 1)
	return n > 0, err
}

func (people *People) countAdmins(r kv.Reader, limit int) (int, error) {
	p, err := people.Users.ScanIndex(r, usersAdmins, nil, nil, limit, false)
	return len(p.Items), err
}
