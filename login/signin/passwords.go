package signin

import (
	"context"
	"errors"

	"latchkey/keys"
	"latchkey/login/page"
	"latchkey/storage"
)

// acceptable checks a new password, and notes what is wrong with it on its field.
// own are the user's names, and the platform's.
func (h *Handler) acceptable(ctx context.Context, errs *page.FieldErrors, password string, own ...string) error {
	if password == "" {
		errs.Add(page.FieldPassword, page.PasswordMissing)
		return nil
	}
	set, err := h.Store.Settings.Get(ctx)
	if err != nil {
		return err
	}
	var bad *keys.PasswordError
	if !errors.As(keys.CheckPassword(password, append(own, set.Branding.Name)...), &bad) {
		return nil
	}
	switch bad.Reason {
	case keys.PasswordShort:
		errs.Add(page.FieldPassword, page.PasswordShort, keys.MinPassword)
	case keys.PasswordLong:
		errs.Add(page.FieldPassword, page.PasswordLong, keys.MaxPassword)
	case keys.PasswordOwn:
		errs.Add(page.FieldPassword, page.PasswordPersonal)
	case keys.PasswordText:
		errs.Add(page.FieldPassword, page.PasswordText)
	default:
		errs.Add(page.FieldPassword, page.PasswordCommon)
	}
	return nil
}

// namesOf are what a password must not be made of.
func namesOf(u *storage.User) []string {
	return []string{u.Username, u.Email, u.Profile.Name, u.Profile.GivenName, u.Profile.FamilyName, u.Profile.Nickname}
}

// refusedField puts a store's refusal of a value on the field it belongs to. False:
// it is no such refusal.
func refusedField(errs *page.FieldErrors, err error) bool {
	var invalid *storage.Invalid
	var taken *storage.Taken
	switch {
	case errors.As(err, &invalid) && invalid.Field == "username":
		errs.Add(page.FieldUsername, page.UsernameInvalid)
	case errors.As(err, &invalid) && invalid.Field == "email":
		errs.Add(page.FieldEmail, page.EmailInvalid)
	case errors.As(err, &taken) && taken.Field == "username":
		errs.Add(page.FieldUsername, page.UsernameTaken)
	case errors.As(err, &taken) && taken.Field == "email":
		errs.Add(page.FieldEmail, page.EmailTaken)
	default:
		return false
	}
	return true
}
