package front

import (
	"context"
	"errors"
	"net/http"
	"sync"
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

// Check counts an attempt on the account that name leads to (nil: none), from a
// browser, and checks the password; it answers when both are done. What it answers
// does not tell whether there is such an account, and takes as long either way.
func (p Passwords) Check(ctx context.Context, name string, user *people.User, browser []byte, password string) (Checked, error) {
	if user != nil {
		edge.Sub(ctx, user.Subject()) // for the log alone
	}
	// The look comes first: it says whether the account knows the browser, and sends away
	// whoever has to wait.
	look, err := p.Operations.Store.Attempts.Look(ctx, name, user, browser)
	if err != nil || look.Wait > 0 {
		return throttled(ctx, look.Wait), err
	}
	// Then the place: whoever finds none has had no password checked, and so has made no
	// attempt. With one in hand every password that is checked was counted.
	turn, err := p.Operations.Hasher.Reserve(ctx, look.Known)
	if err != nil { // keys.ErrBusy
		return Checked{Problem: page.Busy, Wait: BusyRetry}, nil
	}
	defer turn.Release()
	return p.check(ctx, turn, name, user, browser, password)
}

// CheckIn is Check with a place among those who hash, for whoever has more to do in it.
func (p Passwords) CheckIn(ctx context.Context, turn keys.Turn, name string, user *people.User, browser []byte, password string) (Checked, error) {
	look, err := p.Operations.Store.Attempts.Look(ctx, name, user, browser)
	if err != nil || look.Wait > 0 {
		return throttled(ctx, look.Wait), err
	}
	return p.check(ctx, turn, name, user, browser, password)
}

func (p Passwords) check(ctx context.Context, turn keys.Turn, name string, user *people.User, browser []byte, password string) (Checked, error) {
	// Counting on an account is a commit, and on a name of nobody is none. Beside the
	// hash, which is owed either way, it takes no time of its own.
	count := beside(func() (time.Duration, error) { return p.Operations.Store.Attempts.Count(ctx, name, user, browser) })
	right, rehash, failed := verify(ctx, turn, user, password)
	wait, err := count()
	switch {
	case err != nil || wait > 0: // others were counted since the look; what the hash says is nobody's business
		return throttled(ctx, wait), err
	case failed != nil:
		return Checked{}, failed
	case !right:
		edge.Fail(ctx, "wrong_password", whyWrong(user))
		return Checked{Problem: page.WrongPassword}, nil
	case user.Disabled: // only whoever knows the password hears of it
		edge.Fail(ctx, "disabled", nil)
		return Checked{Problem: page.Disabled}, nil
	}
	set, err := p.Operations.Store.Settings.Get(ctx)
	if err != nil {
		return Checked{}, err
	}
	if wait := p.Operations.Store.Sessions.Count(user.ID, &set); wait > 0 {
		return throttled(ctx, wait), nil
	}
	return Checked{Rehash: rehash}, nil
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

func throttled(ctx context.Context, wait time.Duration) Checked {
	if wait == 0 {
		return Checked{}
	}
	edge.Fail(ctx, "throttled", nil)
	return Checked{Problem: page.Throttled, Wait: wait}
}

// beside begins f on a goroutine of its own. What it returns waits for f and answers
// what f did; if f panicked, so does it.
func beside[T any](f func() (T, error)) func() (T, error) {
	once, done := sync.OnceValues(f), make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }() // whoever waits has it
		_, _ = once()
	}()
	return func() (T, error) {
		<-done
		return once()
	}
}

// verify hashes once, whether or not there is anything to compare with.
func verify(ctx context.Context, turn keys.Turn, user *people.User, password string) (right bool, rehash []byte, err error) {
	if user == nil || len(user.Password) == 0 {
		return false, nil, turn.VerifyNothing(ctx, password)
	}
	right, rehash, err = turn.Verify(ctx, user.ID[:], user.Password, password)
	return right, rehash, err
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
func (p Passwords) Acceptable(ctx context.Context, errs *page.FieldErrors, field page.Field, password string, own ...string) error {
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
