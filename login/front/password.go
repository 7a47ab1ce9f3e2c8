package front

import (
	"context"
	"errors"
	"net/http"
	"time"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/page"
	"latchkey/storage/people"
	"latchkey/usecase"
)

// Passwords asks for passwords: the one an account has, and a new one.
type Passwords struct {
	Operations *usecase.Operations
}

// BusyRetry is how soon to try again when too many passwords are being checked.
const BusyRetry = 5 * time.Second

// Checked is how a check ended.
type Checked struct {
	Problem page.SignInProblem // NoProblem: the password is right
	Wait    time.Duration      // for Throttled and Busy
	// Rehash, if not nil, is a better hash of the right password than the stored one.
	Rehash []byte
}

var problemStatus = map[page.SignInProblem]int{
	page.WrongPassword: http.StatusUnprocessableEntity,
	page.Throttled:     http.StatusTooManyRequests,
	page.Busy:          http.StatusServiceUnavailable,
	page.NoCookies:     http.StatusBadRequest,
	page.Stale:         http.StatusConflict,
	page.Disabled:      http.StatusForbidden,
}

// StatusOf is the HTTP status that a problem belongs to.
func StatusOf(p page.SignInProblem) int { return problemStatus[p] }

// problems are what a person is told, by what a check found.
var problems = map[usecase.PasswordFault]page.SignInProblem{
	usecase.PasswordWrong:     page.WrongPassword,
	usecase.PasswordThrottled: page.Throttled,
	usecase.PasswordBusy:      page.Busy,
	usecase.AccountDisabled:   page.Disabled,
}

// Check is usecase.Operations.CheckSignIn, and says in the log how it ended.
func (p Passwords) Check(ctx context.Context, name string, user *people.User, browser []byte,
	password string) (Checked, error) {
	if user != nil {
		edge.Sub(ctx, user.Subject()) // for the log alone
	}
	return Tell(ctx, user)(p.Operations.CheckSignIn(ctx, name, user, browser, password))
}

// Tell says in the log how a check of a user's password ended, and returns what the person
// is told.
func Tell(ctx context.Context, user *people.User) func(usecase.PasswordCheck, error) (Checked, error) {
	return func(check usecase.PasswordCheck, err error) (Checked, error) {
		if err != nil {
			return Checked{}, err
		}
		told := Checked{Problem: problems[check.Fault], Wait: check.Wait, Rehash: check.Rehash}
		switch check.Fault {
		case usecase.PasswordWrong:
			edge.Fail(ctx, "wrong_password", whyWrong(user))
		case usecase.PasswordThrottled:
			edge.Fail(ctx, "throttled", nil)
		case usecase.AccountDisabled:
			edge.Fail(ctx, "disabled", nil)
		case usecase.PasswordBusy:
			told.Wait = BusyRetry
		}
		return told, nil
	}
}

// whyWrong is for the log alone: the person hears one thing, whatever it is.
func whyWrong(user *people.User) error {
	switch {
	case user == nil:
		return errors.New("no such account")
	case len(user.Password) == 0:
		return errors.New("the account has no password")
	}
	return nil
}

var reasonKeys = map[keys.PasswordReason]struct {
	key  page.Key
	args []any
}{
	keys.PasswordShort:  {page.PasswordShort, []any{keys.MinPassword}},
	keys.PasswordLong:   {page.PasswordLong, []any{keys.MaxPassword}},
	keys.PasswordOwn:    {page.PasswordPersonal, nil},
	keys.PasswordText:   {page.PasswordText, nil},
	keys.PasswordCommon: {page.PasswordCommon, nil},
}

// Acceptable checks a new password, and notes what is wrong with it on its field.
// own are the user's names; the platform's is added.
func (p Passwords) Acceptable(ctx context.Context, errs *page.FieldErrors, field page.Field, password string,
	own ...string) error {
	if password == "" {
		errs.Add(field, page.PasswordMissing)
		return nil
	}
	err := p.Operations.CheckPassword(ctx, password, own...)
	if Refused(errs, field, err) {
		return nil
	}
	return err
}

// Refused notes on a field what is wrong with a new password. False: err says something
// else.
func Refused(errs *page.FieldErrors, field page.Field, err error) bool {
	var bad *keys.PasswordError
	if !errors.As(err, &bad) {
		return false
	}
	why := reasonKeys[bad.Reason]
	errs.Add(field, why.key, why.args...)
	return true
}
