package storage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// User is an account. ID is its subject identifier: it never changes and is never
// given to another.
type User struct {
	ID              ID        `cbor:"1,keyasint"`
	Username        string    `cbor:"2,keyasint"`
	Email           string    `cbor:"3,keyasint,omitempty"`
	EmailVerified   bool      `cbor:"4,keyasint,omitempty"`
	Profile         Profile   `cbor:"5,keyasint,omitzero"`
	Password        []byte    `cbor:"6,keyasint,omitempty"` // sealed hash; empty: cannot sign in by password
	Roles           []Role    `cbor:"7,keyasint,omitempty"`
	Disabled        bool      `cbor:"8,keyasint,omitempty"`
	Epoch           uint64    `cbor:"9,keyasint,omitempty"` // one more ends every session and grant
	Created         time.Time `cbor:"10,keyasint"`
	Updated         time.Time `cbor:"11,keyasint"`
	PasswordChanged time.Time `cbor:"12,keyasint"`
	// ExternalID is what the platform that the account belongs to knows it by. It
	// is no name to sign in with, and no claim.
	ExternalID string `cbor:"13,keyasint,omitempty"`
	Groups     []ID   `cbor:"14,keyasint,omitempty"` // by Groups.Join and Leave alone
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
func (u *User) IsAdmin() bool { return slices.Contains(u.Roles, RoleAdmin) }

// DisplayName is how pages address the user.
func (u *User) DisplayName() string {
	if u.Profile.Name != "" {
		return u.Profile.Name
	}
	return u.Username
}

// Actor is the user acting through a door.
func (u *User) Actor(via Via, requestID string) Actor {
	return Actor{User: u.ID, Roles: u.Roles, Via: via, RequestID: requestID}
}

// Users holds the accounts. Usernames and e-mail addresses are unique over every
// spelling that people take for the same.
type Users struct{ b *base }

const (
	usersByUsername = iota
	usersByEmail
	usersAdmins
	usersByExternalID
	usersByGroup
)

func userTable() table[User] {
	return table[User]{name: "users", space: spaceUsers, cache: &decoded[User]{},
		key:   func(u *User) key { return key{}.id(u.ID) },
		ready: func(u *User, _ key) { inUTC(&u.Created, &u.Updated, &u.PasswordChanged) },
		indexes: []index[User]{
			usersByUsername: {field: "username", space: spaceUsersByUsername, unique: true, keys: func(u *User) []key {
				name, _ := canonicalUsername(u.Username)
				return []key{key{}.str(name)}
			}},
			usersByEmail: {field: "email", space: spaceUsersByEmail, unique: true, keys: func(u *User) []key {
				if u.Email == "" {
					return nil
				}
				return []key{key{}.str(canonicalEmail(u.Email))}
			}, alike: func(u *User) (keys []key) {
				for _, form := range alikeEmails(u.Email) {
					keys = append(keys, key{}.str(form))
				}
				return keys
			}},
			usersAdmins: {space: spaceAdmins, keys: func(u *User) []key {
				if !u.IsAdmin() {
					return nil
				}
				return []key{{}}
			}},
			usersByExternalID: {field: "external_id", space: spaceUsersByExternal, unique: true, keys: func(u *User) []key {
				if u.ExternalID == "" {
					return nil
				}
				return []key{key{}.str(u.ExternalID)}
			}},
			usersByGroup: {space: spaceUsersByGroup, keys: func(u *User) (keys []key) {
				for _, id := range u.Groups {
					keys = append(keys, key{}.id(id))
				}
				return keys
			}},
		}}
}

func (u *User) validate() error {
	if err := validUsername(u.Username); err != nil {
		return err
	}
	if err := validEmail(u.Email); err != nil {
		return err
	}
	if err := validRoles(u.Roles); err != nil {
		return err
	}
	if err := validExternalID(u.ExternalID); err != nil {
		return err
	}
	return errOr(u.Profile.validate(), u.Profile.validateVisible(&Profile{}))
}

// validExternalID takes whatever another system may use: the bytes are compared as
// they are.
func validExternalID(s string) error {
	if len(s) > 255 {
		return invalid("external_id", "must be at most 255 bytes long")
	}
	return plainText("external_id", s)
}

func validRoles(roles []Role) error {
	for _, r := range roles {
		if r != RoleAdmin {
			return invalid("roles", "must be %q, not %q", RoleAdmin, r)
		}
	}
	return nil
}

// NewID makes the id of a user about to be created: a password's seal is bound to
// it.
func (s Users) NewID() ID { return s.b.newID() }

// Create adds an account. v.ID comes from NewID; zero: a fresh one. Its times,
// epoch, status and groups are not v's to say. Errors: ErrForbidden, *Invalid, *Taken.
func (s Users) Create(ctx context.Context, by Actor, v User) (*User, error) {
	return s.CreateOnce(ctx, by, Once{}, v)
}

// CreateOnce is Create for a request that may be sent again: ErrRepeated if it was.
func (s Users) CreateOnce(ctx context.Context, by Actor, once Once, v User) (*User, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	note := s.b.note(by, ActUserCreated)
	if err := s.b.prepareUser(&v); err != nil {
		return nil, err
	}
	return update(ctx, s.b, func(tx kv.Txn) (*User, error) {
		if err := s.b.onlyOnce(tx, once, v.Subject(), v.Created); err != nil {
			return nil, err
		}
		return s.b.addUser(tx, v, note)
	})
}

// prepareUser fills what a new account has, before the transaction.
func (b *base) prepareUser(v *User) error {
	now := b.instant()
	v.Created, v.Updated, v.Epoch, v.Disabled, v.Groups = now, now, 0, false, nil
	v.EmailVerified = v.EmailVerified && v.Email != "" // says nothing without an address
	if len(v.Password) > 0 {
		v.PasswordChanged = now
	}
	if v.ID.IsZero() {
		v.ID = b.newID()
	}
	return v.validate()
}

func (b *base) addUser(tx kv.Txn, v User, note Event) (*User, error) {
	if err := b.validateNewUsername(tx, "", v.Username); err != nil {
		return nil, err
	}
	if used, err := idInUse(tx, v.ID); err != nil || used {
		return nil, errOr(err, &Taken{Field: "sub"})
	}
	if err := b.users.put(tx, &v); err != nil {
		return nil, err
	}
	return &v, b.audit.put(tx, note.about(v.ID, "", v.Username))
}

// ValidateNew returns all that keeps a new account from having this username and this
// e-mail address, which may be empty: *Invalid and *Taken, at most one for each. A form
// asks first, to say all at once; whoever writes is asked again.
func (s Users) ValidateNew(ctx context.Context, username, email string) (refused []error, err error) {
	return view(ctx, s.b, func(r kv.Reader) ([]error, error) {
		var refused []error
		for _, err := range []error{
			cmp.Or(validUsername(username), s.b.validateNewUsername(r, "", username),
				s.b.users.conflict(r, &User{Username: username})),
			cmp.Or(validEmail(email), s.b.users.conflict(r, &User{Email: email})),
		} {
			var invalid *Invalid
			var taken *Taken
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
	v.Roles, v.EmailVerified = []Role{RoleAdmin}, false
	if err := s.b.prepareUser(&v); err != nil {
		return nil, err
	}
	note, now := s.b.note(Actor{User: v.ID, Via: ViaPage, RequestID: requestID}, ActSetUp), s.b.instant()
	return update(ctx, s.b, func(tx kv.Txn) (*User, error) {
		if done, err := s.b.hasAdmin(tx); err != nil || done {
			return nil, errOr(err, ErrSetUp)
		}
		if _, err := s.b.useLink(tx, link, LinkSetUp, now); err != nil {
			return nil, err
		}
		return s.b.addUser(tx, v, note)
	})
}

// HasAdmin reports whether an administrator exists.
func (s Users) HasAdmin(ctx context.Context) (bool, error) {
	return view(ctx, s.b, func(r kv.Reader) (bool, error) { return s.b.hasAdmin(r) })
}

func (b *base) hasAdmin(r kv.Reader) (bool, error) {
	n, err := b.admins(r, 1)
	return n > 0, err
}

func (b *base) admins(r kv.Reader, limit int) (int, error) {
	p, err := b.users.scanIndex(r, usersAdmins, nil, nil, limit, false)
	return len(p.items), err
}
