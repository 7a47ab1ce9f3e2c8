package page

// Home is "/".
type Home struct {
	// NeedsSetUp: there is no administrator yet; nothing else matters then.
	NeedsSetUp bool
	// Person is who is signed in; nil when nobody is.
	Person *Person
	// Apps are those the person has allowed.
	Apps []App
	// Admin adds what an administrator does first while there are no apps.
	Admin   bool
	Guessed bool // wrong passwords that the person is to hear of
	// SwitchURL lets the person go on as another account of this browser; empty:
	// there is none.
	SwitchURL string
	// Notice is what just went well, such as Say(SetUpDone).
	Notice Text
}

func (p Home) frame(l *livery) frame {
	switch {
	case p.NeedsSetUp:
		return frame{template: "message", title: Say("home.setup.title"), message: &message{
			Icon: "key", Lines: []Text{Say("home.setup.what"), Say("home.setup.how")},
			Command: setUpCommand}}
	case p.Person == nil:
		return frame{template: "welcome", title: Say("home.title"), notice: p.Notice}
	}
	return frame{template: "home", title: Say("home.apps"), person: p.Person, switchURL: p.SwitchURL,
		notice: p.Notice, wide: true}
}

// The commands that pages name, after the program. They are typed, not read: no language
// changes them.
const (
	setUpCommand     = "setup-link"
	recoveryCommand  = "user recovery-link USERNAME"
	addClientCommand = `client add --client-name "My app" --redirect-uri https://app.example/callback`
)

// AddClientCommand is what an administrator types to add the first app.
func (Home) AddClientCommand() string { return addClientCommand }
