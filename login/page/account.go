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
//	sign_out=<ID>    sign this one out
//	sign_out=all     sign all of them out
type ChooseAccount struct {
	Action   string // where the form is posted
	App      *App   // who asked; nil outside a flow
	ReturnTo string // outside a flow: comes back as form value "return_to"
	Accounts []Account
	Gone     bool // 409: the one that was chosen is signed out
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
