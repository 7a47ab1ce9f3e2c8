package page

// SetUp is the form that makes the first administrator, behind a one-time link.
type SetUp struct {
	Action    string // where the form is posted
	Token     string // of the link; comes back as form value "token"
	Username  string
	Email     string
	MinLength int // characters a password needs
	Errors    FieldErrors
}

func (p SetUp) frame(l *livery) frame {
	email := input{ID: FieldEmail, Type: "email", Label: Say("field.email"), Hint: Say("field.email.hint"),
		Autocomplete: "email", Optional: true, Verbatim: true}
	return frame{template: "setup", title: Say("setup.title", l.Name), summary: p.Errors, fields: []input{
		newUsername().with(p.Username, p.Errors),
		email.with(p.Email, p.Errors),
		newPassword(FieldPassword, "field.password", p.MinLength).with("", p.Errors),
	}}
}

// SetUpUsed answers a set-up link when there is an administrator already.
type SetUpUsed struct{}

func (SetUpUsed) frame(*livery) frame {
	return frame{template: "message", title: Say("setup.used.title"), message: &message{
		Icon: "check", Lines: []Text{Say("setup.used.what"), Say("setup.used.how")}, Command: recoveryCommand,
		Links: []link{{"/sign-in", Say("link.sign_in")}}}}
}

// SetUpLink answers a set-up address without a link that works: none was given,
// or it is mistyped, or its time is over.
type SetUpLink struct{ Missing bool }

func (p SetUpLink) frame(*livery) frame {
	what := Key("setup.link.expired")
	if p.Missing {
		what = "setup.link.missing"
	}
	return frame{template: "message", title: Say("setup.link.title"), message: &message{
		Icon: "clock", Lines: []Text{Say(what), Say("setup.link.how")}, Command: setUpCommand}}
}
