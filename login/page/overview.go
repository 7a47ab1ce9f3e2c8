package page

import "time"

// Overview is "/account": who is signed in, and where the rest is.
type Overview struct {
	Person    Person
	SwitchURL string // to the browser's other accounts; empty: there are none
	Email     string // empty: none
	Apps      int    // that have access
	SignedIn  time.Time
	Guessed   *Guessed // wrong passwords that the person is to hear of; nil: none
}

// Guessed is a row of wrong passwords from browsers that the account does not know.
type Guessed struct {
	Account     string // the subject, for the form that puts the notice aside
	Failures    int
	First, Last time.Time
}

func (p Overview) frame(*livery) frame {
	return frame{template: "overview", title: Say("account.overview.title"), person: &p.Person, switchURL: p.SwitchURL,
		wide: true, sections: accountSections("/account")}
}

// AppCount says how many apps have access.
func (p Overview) AppCount() Text {
	if p.Apps == 0 {
		return Say("account.apps.none")
	}
	return Count("account.apps.count", p.Apps)
}

// Security is how a person signs in.
type Security struct {
	Person    Person
	SwitchURL string // to the browser's other accounts; empty: there are none
	// PasswordURL is where the password is changed; empty: the account has none.
	PasswordURL string
	SignedIn    time.Time // this sign-in began
	Ends        time.Time // and ends then, however much it is used
	Kept        bool      // it outlives the browser's window
	Notice      Text      // what just went well
}

func (p Security) frame(*livery) frame {
	return frame{template: "security", title: Say("account.security"), person: &p.Person, switchURL: p.SwitchURL,
		notice: p.Notice, wide: true, sections: accountSections("/account/security")}
}
