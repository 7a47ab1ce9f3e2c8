package page

// Recover sets a new password from a one-time link. Showing it changes nothing,
// since mail scanners and messengers open links before people do.
type Recover struct {
	Action    string // where the form is posted
	Token     string // of the link; comes back as form value "token"
	Person    Person
	MinLength int // characters a password needs
	Errors    FieldErrors
}

func (p Recover) frame(*livery) frame {
	return frame{template: "recover", title: Say("recover.title"), summary: p.Errors, fields: []input{
		newPassword(FieldPassword, "field.password.new", p.MinLength).with("", p.Errors),
	}}
}

// RecoverLink answers a recovery link that is missing, used or too old.
type RecoverLink struct{}

func (RecoverLink) frame(l *livery) frame {
	return frame{template: "message", title: Say("recover.link.title"), message: &message{
		Icon: "clock", Lines: []Text{Say("recover.link.what"), Say("recover.link.how", l.Contact())},
		Links: append(l.help(), link{"/sign-in", Say("link.sign_in")})}}
}
