package page

import "time"

// ConnectedApp is an app that a person allows something.
type ConnectedApp struct {
	App
	Since     time.Time
	Scopes    []Scope // what it may do: Words, or Claim, with Values
	RemoveURL string
	// Asks says that the app asks before it has access. One that does not gets it again
	// when the person opens it.
	Asks bool
}

// Apps lists the apps that a person allows something.
type Apps struct {
	Person    Person
	SwitchURL string // to the browser's other accounts; empty: there are none
	Apps      []ConnectedApp
	Notice    Text // what just went well, such as Say(AppRemoved)
}

func (p Apps) frame(*livery) frame {
	return frame{template: "apps", title: Say("apps.title"), person: &p.Person, switchURL: p.SwitchURL,
		notice: p.Notice,
		wide:   true, sections: accountSections("/account/apps")}
}

// RemoveApp asks before what an app may do is taken back. The form sends Account as
// account and ID as app.
type RemoveApp struct {
	Action  string // where the form is posted
	Back    string // to the list
	Person  Person
	Account string // stands for Person in the form; opaque to the page
	App     App
	ID      string
	Asks    bool // as of ConnectedApp
}

func (p RemoveApp) frame(*livery) frame {
	return frame{template: "remove", title: Say("apps.remove.title", p.App.Name), person: &p.Person}
}
