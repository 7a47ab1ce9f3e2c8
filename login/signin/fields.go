package signin

import (
	"errors"

	"latchkey/login/page"
	"latchkey/storage"
)

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
