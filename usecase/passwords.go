package usecase

import (
	"context"
	"errors"
	"strings"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/people"
)

// CheckPassword returns a *keys.PasswordError if a password is too easily guessed, given
// the user's own names. The platform's name is among those that it must not be made of.
func (o *Operations) CheckPassword(ctx context.Context, password string, own ...string) error {
	set, err := o.Store.Settings.Get(ctx)
	if err != nil {
		return err
	}
	return keys.CheckPassword(password, append(own, set.Branding.Name)...)
}

// NamesOf are what a user's password must not be made of.
func NamesOf(u *people.User) []string {
	return []string{u.Username, u.Email, u.Profile.Name, u.Profile.GivenName, u.Profile.FamilyName, u.Profile.Nickname}
}

// sealPassword checks a password against the user's own names and hashes it.
func (o *Operations) sealPassword(ctx context.Context, u *people.User, password string) ([]byte, error) {
	if err := o.CheckPassword(ctx, password, NamesOf(u)...); err != nil {
		return nil, err
	}
	return o.Hasher.Hash(ctx, u.ID[:], password)
}

// SetPassword gives a user a new password and ends all their sessions. Errors:
// *keys.PasswordError, keys.ErrBusy, storage.ErrNotFound, storage.ErrForbidden.
func (o *Operations) SetPassword(ctx context.Context, by storage.Actor, user storage.ID,
	password string) (*people.User, error) {
	have, err := o.Store.Users.Get(ctx, user)
	if err != nil {
		return nil, err
	}
	sealed, err := o.sealPassword(ctx, have, password)
	if err != nil {
		return nil, err
	}
	return o.Store.Users.SetPassword(ctx, by, user, sealed)
}

// Recovery is a recovery link that was opened, and not yet used.
type Recovery struct {
	User *people.User // whose password it sets
	link []byte
}

// OpenRecovery looks at a link and uses nothing up: mail scanners and messengers open
// links before people do. The error is storage.ErrLink if there is no such link, or it is
// for nobody any more.
func (o *Operations) OpenRecovery(ctx context.Context, token string) (*Recovery, error) {
	link, hash, err := o.lookUp(ctx, token, people.LinkRecovery)
	if err != nil {
		return nil, err
	}
	user, err := o.Store.Users.Get(ctx, link.User)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, storage.ErrLink
	}
	if err != nil {
		return nil, err
	}
	if user.Disabled || user.Epoch != link.Epoch {
		return nil, storage.ErrLink
	}
	return &Recovery{User: user, link: hash}, nil
}

// Recover gives the user a new password and uses the link up. browser names the browser
// that has it, once the password is hashed. Errors: *keys.PasswordError, keys.ErrBusy,
// storage.ErrLink.
func (o *Operations) Recover(ctx context.Context, r *Recovery, requestID, password string,
	browser func() []byte) error {
	sealed, err := o.sealPassword(ctx, r.User, password)
	if err != nil {
		return err
	}
	_, err = o.Store.Links.Recover(ctx, r.link, requestID, sealed, browser())
	if errors.Is(err, storage.ErrNotFound) {
		return storage.ErrLink
	}
	return err
}

// refusedHash says of a field what is wrong with the hash that another system made.
func refusedHash(field string, err error) error {
	if !errors.Is(err, keys.ErrHash) {
		return err
	}
	reason := strings.TrimPrefix(err.Error(), keys.ErrHash.Error()+": ")
	return &storage.Invalid{Field: field, Reason: "cannot be taken: " + reason}
}
