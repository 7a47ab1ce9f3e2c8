package page

import "time"

// ChangePassword is where signed-in people give their account another password. The
// form sends current-password, new-password, Account as account, and everywhere=yes
// if the box is ticked.
type ChangePassword struct {
	Action  string // where the form is posted
	Person  Person
	Account string // stands for Person in the form; opaque to the page
	// SwitchURL leads to another account: "not you?"
	SwitchURL string
	// Several: other accounts are signed in on this browser.
	Several   bool
	MinLength int // characters a password needs
	// EndOthers is whether the box to sign out elsewhere is ticked.
	EndOthers  bool
	Problem    SignInProblem // Throttled, Busy or Stale; a wrong password is one of Errors
	RetryAfter time.Duration // sent as Retry-After too
	Errors     FieldErrors
}

func (p ChangePassword) frame(*livery) frame {
	f := frame{template: "password", title: Say("password.title"), summary: p.Errors, person: &p.Person,
		wait: p.RetryAfter,
		wide: true, sections: accountSections("/account/security")}
	if p.Several {
		f.switchURL = p.SwitchURL
	}
	current := input{ID: FieldCurrentPassword, Type: "password", Label: Say("field.password.current"),
		Autocomplete: "current-password"}
	switch later := tryLater(p.Problem, p.RetryAfter); {
	case !later.IsZero():
		p.Errors, f.summary, f.failed = FieldErrors{{FieldCurrentPassword, later}}, nil, true
		current.Alert, current.Focus, current.Wait = true, true, seconds(p.RetryAfter)
	case p.Problem == Stale:
		f.summary = append([]FieldError{{Text: Say("password.stale")}}, p.Errors...)
	default:
		current.Focus = len(f.summary) == 0
	}
	current = current.with("", p.Errors)
	current.Invalid = current.Invalid && current.Wait == 0 // who is to wait has not been wrong
	f.fields = []input{
		current,
		newPassword(FieldNewPassword, "field.password.new", p.MinLength).with("", p.Errors),
	}
	return f
}

// NoPassword tells people whose account has no password how to get one.
type NoPassword struct {
	Person    Person
	SwitchURL string // to the browser's other accounts; empty: there are none
}

func (p NoPassword) frame(l *livery) frame {
	m := &message{Icon: "key", Lines: []Text{Say("password.none.what"), Say("password.none.how", l.Contact())},
		Links: append(l.help(), home())}
	return frame{template: "message", title: Say("password.none.title"), message: m, person: &p.Person,
		switchURL: p.SwitchURL}
}
