package page

import "time"

// SignInProblem is why a sign-in did not go through.
type SignInProblem int

// The reasons, with the status each belongs to.
const (
	NoProblem      SignInProblem = iota
	WrongPassword                // 422; the same for unknown users
	Throttled                    // 429; says RetryAfter
	Busy                         // 503; says RetryAfter
	NoCookies                    // 400; the browser did not bring our cookie back
	Stale                        // 409; the account changed while the page was open
	OtherAccount                 // 200; the app asks for another account than Person
	SignedOutSince               // 200; the account that was to be gone on with is signed out
	Disabled                     // 403; the password was right
)

// WhySignIn is why somebody is to sign in where an account is signed in already.
type WhySignIn int

// The reasons. None of them is anybody's fault.
const (
	First  WhySignIn = iota // nobody is signed in, or the person wants another account
	Again                   // the app asks for a fresh sign-in
	Absent                  // the app asks for an account that is not signed in here
)

// SignIn is the form that takes username and password. The button carries
// action=sign-in, Cancel action=cancel.
type SignIn struct {
	Action   string // where the form is posted
	App      *App   // who asked, in a flow; nil for a local sign-in
	Username string // what was typed, or the hint of the request
	ReturnTo string // local sign-in: comes back as form value "return_to"
	Why      WhySignIn
	// Person is whom OtherAccount speaks of.
	Person Person
	// Instead, with OtherAccount, is the one that the app asks for, if it is signed in
	// here: a button sends its ID to AccountURL, as ChooseAccount does. Nil: it is not,
	// and is not named.
	Instead    *Account
	AccountURL string
	Problem    SignInProblem
	RetryAfter time.Duration // sent as Retry-After too
	// Keep is whether the box "keep me signed in" is ticked; the form sends keep=yes.
	Keep bool
	// Short is how long a sign-in lasts at most without that box; whole hours or minutes.
	Short  time.Duration
	Errors FieldErrors // an input left empty, for example
	Notice Text        // what just went well, such as Say(PasswordChanged)
}

func (p SignIn) frame(l *livery) frame {
	f := frame{template: "signin", title: Say("signin.title", l.Name), leaves: p.App != nil,
		summary: p.Errors, notice: p.Notice, wait: p.RetryAfter}
	if p.App != nil {
		f.title = Say("signin.title.app", p.App.Name)
	}
	if said := p.passwordFault(); !said.IsZero() {
		// One line above the password says it: the form stays where it is.
		p.Errors = FieldErrors{{FieldPassword, said}}
		f.failed = true
	}
	if e := p.problem(l); !e.Text.IsZero() {
		f.summary = append([]FieldError{e}, p.Errors...)
	}
	f.fields = p.fields()
	return f
}

func (p SignIn) fields() []input {
	name := input{ID: FieldUsername, Type: "text", Label: Say("field.login"), Autocomplete: "username",
		Verbatim: true}.with(p.Username, p.Errors)
	password := input{ID: FieldPassword, Type: "password", Label: Say("field.password"),
		Autocomplete: "current-password"}.with("", p.Errors)
	if !p.passwordFault().IsZero() {
		// Which of the two is wrong is nobody's business.
		wrong := p.Problem == WrongPassword
		name.Invalid, password.Invalid = wrong, wrong
		password.Alert, password.Focus, password.Wait = true, true, seconds(p.RetryAfter)
	}
	if len(p.Errors) == 0 && p.Problem == NoProblem {
		name.Focus = p.Username == ""
		password.Focus = !name.Focus
	}
	return []input{name, password}
}

// passwordFault is what stands above the password; zero: nothing is wrong there.
func (p SignIn) passwordFault() Text {
	if p.Problem == WrongPassword {
		return Say("signin.wrong")
	}
	return tryLater(p.Problem, p.RetryAfter)
}

// tryLater says that a password can be tried again in a while; zero: at once.
func tryLater(problem SignInProblem, retry time.Duration) Text {
	switch problem {
	case Throttled:
		return Say("signin.throttled", wait(retry))
	case Busy:
		return Say("signin.busy")
	}
	return Text{}
}

func (p SignIn) problem(l *livery) FieldError {
	switch p.Problem {
	case Disabled:
		return FieldError{Text: Say("signin.disabled", l.Contact())}
	case NoCookies:
		return FieldError{Text: Say("signin.no_cookies")}
	case SignedOutSince:
		return FieldError{Text: Say("signin.signed_out")}
	case OtherAccount:
		if p.Instead != nil {
			return FieldError{Text: Say("signin.other.here", p.App.Name, p.Person.Display(), p.Instead.Display())}
		}
		return FieldError{Text: Say("signin.other", p.App.Name, p.Person.Display())}
	}
	return FieldError{}
}

// Lasts says how long a sign-in lasts without the box.
func (p SignIn) Lasts() Text { return Say("signin.keep.what", wait(p.Short)) }

// WhyText says why, in a flow; zero: nothing needs to be said.
func (p SignIn) WhyText() Text {
	switch {
	case p.App != nil && p.Why == Again:
		return Say("signin.again", p.App.Name)
	case p.App != nil && p.Why == Absent:
		return Say("signin.absent", p.App.Name)
	}
	return Text{}
}
