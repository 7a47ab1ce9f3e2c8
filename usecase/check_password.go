package usecase

import (
	"context"
	"errors"
	"sync"
	"time"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/people"

	"golang.org/x/text/unicode/norm"
)

// PasswordFault is why a password lets nobody in.
type PasswordFault string

// The faults; "" is a right password.
const (
	PasswordWrong     PasswordFault = "wrong"
	PasswordThrottled PasswordFault = "throttled" // too many attempts
	PasswordBusy      PasswordFault = "busy"      // too many passwords are being checked
	AccountDisabled   PasswordFault = "disabled"  // only whoever knows the password hears of it
)

// PasswordCheck is how a check ended.
type PasswordCheck struct {
	Fault PasswordFault
	Wait  time.Duration // for PasswordThrottled
	// Rehash, if not nil, is a better hash of the right password than the stored one.
	Rehash []byte
}

// ErrSamePassword refuses a new password that is the current one.
var ErrSamePassword = errors.New("the new password is the current one")

// IsSamePassword reports whether two passwords are one, in whatever Unicode form.
func IsSamePassword(a, b string) bool { return norm.NFC.String(a) == norm.NFC.String(b) }

func throttled(wait time.Duration) PasswordCheck {
	if wait == 0 {
		return PasswordCheck{}
	}
	return PasswordCheck{Fault: PasswordThrottled, Wait: wait}
}

// CheckSignIn counts an attempt on the account that name leads to (nil: none), from a
// browser, and checks the password; it answers when both are done. What it answers does
// not tell whether there is such an account, and takes as long either way.
func (o *Operations) CheckSignIn(ctx context.Context, name string, user *people.User, browser []byte,
	password string) (PasswordCheck, error) {
	// The look comes first: it says whether the account knows the browser, and sends away
	// whoever has to wait.
	look, err := o.Store.Attempts.Look(ctx, name, user, browser)
	if err != nil || look.Wait > 0 {
		return throttled(look.Wait), err
	}
	// Then the place: whoever finds none has had no password checked, and so has made no
	// attempt. With one in hand every password that is checked was counted.
	turn, err := o.Hasher.Reserve(ctx, look.Known)
	if err != nil { // keys.ErrBusy
		return PasswordCheck{Fault: PasswordBusy}, nil
	}
	defer turn.Release()
	return o.checkCounted(ctx, turn, name, user, browser, password)
}

// ChangePassword gives a user who knows the current password a new one. The current one is
// checked by the same throttle as at a sign-in: whoever finds a browser unlocked must not
// guess here what they may not guess there. c says what is changed besides; its Old and New
// are filled in. changed is nil if the check failed. Errors, once the current password is
// proven: *keys.PasswordError, ErrSamePassword, storage.ErrStale, storage.ErrForbidden.
func (o *Operations) ChangePassword(ctx context.Context, by storage.Actor, user *people.User, browser []byte,
	current, fresh string, c people.PasswordChange) (changed *people.PasswordChanged, check PasswordCheck, err error) {
	// One place for both hashes: who has proven the old password is not sent away.
	turn, err := o.Hasher.Reserve(ctx, true) // somebody signed in here
	if err != nil {                          // keys.ErrBusy
		return nil, PasswordCheck{Fault: PasswordBusy}, nil
	}
	defer turn.Release()
	look, err := o.Store.Attempts.Look(ctx, user.Username, user, browser)
	if err != nil || look.Wait > 0 {
		return nil, throttled(look.Wait), err
	}
	check, err = o.checkCounted(ctx, turn, user.Username, user, browser, current)
	if err != nil || check.Fault != "" {
		return nil, check, err
	}
	err = o.checkFresh(ctx, user, current, fresh)
	if refused := new(keys.PasswordError); errors.As(err, &refused) ||
		errors.Is(err, ErrSamePassword) { // nobody guessed
		if failed := o.Store.Attempts.Succeeded(ctx, user.ID, browser); failed != nil {
			err = failed
		}
		return nil, check, err
	}
	if err != nil {
		return nil, check, err
	}
	c.Old = user.Password
	if c.New, err = turn.Hash(ctx, user.ID[:], fresh); err != nil {
		return nil, check, err
	}
	changed, err = o.Store.Users.ChangePassword(ctx, by, c)
	return changed, check, err
}

func (o *Operations) checkFresh(ctx context.Context, user *people.User, current, fresh string) error {
	if IsSamePassword(current, fresh) {
		return ErrSamePassword
	}
	return o.CheckPassword(ctx, fresh, NamesOf(user)...)
}

func (o *Operations) checkCounted(ctx context.Context, turn keys.Turn, name string, user *people.User, browser []byte,
	password string) (PasswordCheck, error) {
	// Counting on an account is a commit, and on a name of nobody is none. Beside the
	// hash, which is owed either way, it takes no time of its own.
	count := beside(func() (time.Duration, error) { return o.Store.Attempts.Count(ctx, name, user, browser) })
	right, rehash, failed := verify(ctx, turn, user, password)
	wait, err := count()
	switch {
	case err != nil || wait > 0: // others were counted since the look; what the hash says is nobody's business
		return throttled(wait), err
	case failed != nil:
		return PasswordCheck{}, failed
	case !right:
		return PasswordCheck{Fault: PasswordWrong}, nil
	case user.Disabled:
		return PasswordCheck{Fault: AccountDisabled}, nil
	}
	set, err := o.Store.Settings.Get(ctx)
	if err != nil {
		return PasswordCheck{}, err
	}
	if wait := o.Store.Sessions.Count(user.ID, &set); wait > 0 {
		return throttled(wait), nil
	}
	return PasswordCheck{Rehash: rehash}, nil
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
func verify(ctx context.Context, turn keys.Turn, user *people.User, password string) (right bool, rehash []byte,
	err error) {
	if user == nil || len(user.Password) == 0 {
		return false, nil, turn.VerifyNothing(ctx, password)
	}
	right, rehash, err = turn.Verify(ctx, user.ID[:], user.Password, password)
	return right, rehash, err
}
