package page

// Account is one of the accounts signed in on this browser.
type Account struct {
	Person
	ID string // what the button sends; opaque to the page
}

// ChooseAccount asks with which account to go on; with one account it asks
// whether to go on with that one. The form sends one of
//
//	account=<ID>     go on with it
//	action=another   sign in with another account
type ChooseAccount struct {
	Action   string // where the form is posted
	App      *App   // who asked; nil outside a flow
	ReturnTo string // outside a flow: comes back as form value "return_to"
	Accounts []Account
	Gone     bool // 409: the one that was chosen is signed out
	// SignOutURL leads to SignOutOf. It is a page of its own, so that nobody is signed
	// out by a slip while choosing.
	SignOutURL string
}

func (p ChooseAccount) frame(l *livery) frame {
	title := Say("account.title")
	switch {
	case p.App != nil && len(p.Accounts) == 1:
		title = Say("account.continue.app", p.App.Name)
	case len(p.Accounts) == 1:
		title = Say("account.continue", l.Name)
	}
	f := frame{template: "account", title: title, leaves: true}
	if p.Gone {
		f.summary = []FieldError{{Text: Say("account.gone")}}
	}
	return f
}

// SignOutOf asks which of the accounts on this browser to sign out. The form sends
// sign_out=<ID>, or sign_out=all.
type SignOutOf struct {
	Action   string // where the form is posted
	Back     string // to ChooseAccount
	App      *App   // in a flow
	ReturnTo string // outside a flow: comes back as form value "return_to"
	Accounts []Account
}

func (p SignOutOf) frame(*livery) frame {
	return frame{template: "signoutof", title: Say("account.sign_out.title"), leaves: p.App != nil}
}
