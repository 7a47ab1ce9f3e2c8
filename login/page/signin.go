package page

import "time"

// SignInProblem is why a sign-in did not go through.
type SignInProblem int

// The reasons, with the status each belongs to.
const (
	NoProblem     SignInProblem = iota
	WrongPassword               // 422; the same for unknown users
	Throttled                   // 429; says RetryAfter
	Busy                        // 503; says RetryAfter
	NoCookies                   // 400; the browser did not bring our cookie back
	Stale                       // 409; the account changed while the page was open
)

// SignIn is the form that takes username and password. The button carries
// action=sign-in, Cancel action=cancel.
type SignIn struct {
	Action   string // where the form is posted
	App      *App   // who asked, in a flow; nil for a local sign-in
	Username string // what was typed, or the hint of the request
	ReturnTo string // local sign-in: comes back as form value "return_to"
	// Again: the person is known, but the app asks for a fresh sign-in.
	Again      bool
	Problem    SignInProblem
	RetryAfter time.Duration // sent as Retry-After too
	Errors     FieldErrors   // an input left empty, for example
	Notice     Text          // what just went well, such as Say(PasswordChanged)
}

func (p SignIn) frame(l *livery) frame {
	f := frame{template: "signin", title: Say("signin.title", l.Name), leaves: p.App != nil,
		summary: p.Errors, notice: p.Notice, wait: p.RetryAfter}
	if p.App != nil {
		f.title = Say("signin.title.app", p.App.Name)
	}
	if e := p.problem(); !e.Text.IsZero() {
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
	if p.Problem == WrongPassword {
		// Which of the two is wrong is nobody's business.
		name.Invalid, password.Invalid = true, true
	}
	if len(p.Errors) == 0 && p.Problem == NoProblem {
		name.Focus = p.Username == ""
		password.Focus = !name.Focus
	}
	return []input{name, password}
}

func (p SignIn) problem() FieldError {
	switch p.Problem {
	case WrongPassword:
		return FieldError{FieldUsername, Say("signin.wrong")}
	case Throttled:
		return FieldError{Text: Say("signin.throttled", wait(p.RetryAfter))}
	case Busy:
		return FieldError{Text: Say("signin.busy")}
	case NoCookies:
		return FieldError{Text: Say("signin.no_cookies")}
	}
	return FieldError{}
}
