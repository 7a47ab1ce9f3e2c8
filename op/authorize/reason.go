package authorize

import (
	"bytes"
	"net/http"

	"latchkey/storage/grants"
)

// Reason is why a flow asks somebody to sign in who may think that they have done so.
type Reason int

// The reasons.
const (
	ReasonNone      Reason = iota // nobody signed in yet, or the person wants another account
	ReasonAgain                   // the app asks to be sure about the account there is
	ReasonAbsent                  // the app asks for an account that is not signed in here
	ReasonOther                   // the person went on with another account than the app asks for
	ReasonSignedOut               // the account they went on with is signed out by now
)

// SignInReason is why the flow leads to sign in now.
func (f *Flow) SignInReason() Reason {
	q, d := &f.flow.Request, f.flow.Decisions
	account, missing := chooseAccount(q, f.standing, d)
	switch {
	case account == nil && !d.Session.IsZero():
		return ReasonSignedOut
	case account == nil && missing == stepSignIn && len(f.standing.Accounts) > 0:
		return ReasonAbsent
	case account == nil:
		return ReasonNone
	case q.Subject != "" && account.User.Subject() != q.Subject:
		return ReasonOther
	case needsSignIn(q, account, d):
		return ReasonAgain
	}
	return ReasonNone
}

// Decided is the account that the person went on with in this flow; nil: none, or it is
// signed out.
func (f *Flow) Decided() *grants.Account {
	return f.account(func(a *grants.Account) bool { return sameLine(a.Session, f.flow.Decisions.Session) })
}

// Again is the account that ReasonAgain is about; nil: none is.
func (f *Flow) Again() *grants.Account {
	a, _ := chooseAccount(&f.flow.Request, f.standing, f.flow.Decisions)
	return a
}

// Wanted is the account that the app asks for, if it is signed in here; nil: it is not,
// and nobody here may hear whose it is.
func (f *Flow) Wanted() *grants.Account {
	return f.account(func(a *grants.Account) bool { return a.User.Subject() == f.flow.Request.Subject })
}

func (f *Flow) account(is func(*grants.Account) bool) *grants.Account {
	for i := range f.standing.Accounts {
		if is(&f.standing.Accounts[i]) {
			return &f.standing.Accounts[i]
		}
	}
	return nil
}

// SignedOut goes on after accounts were signed out in this flow. What was decided about
// one of them was taken back by the person: it is asked anew, and they know why.
func (f *Flow) SignedOut(w http.ResponseWriter, r *http.Request) {
	st, bad := f.handler.standing(r, f.id, f.flow)
	if bad != nil {
		f.handler.write(w, r, outcome{client: st.Client, page: bad})
		return
	}
	if f.standing = st; f.Decided() == nil {
		f.flow.Decisions = decisions{}
	}
	f.decide(w, r)
}

// Outdated reports whether the person has allowed something else in this flow than view
// shows: it changed since.
func (f *Flow) Outdated(view *ConsentView) bool {
	c := f.flow.Decisions.Consent
	return c != nil && !bytes.Equal(c.Digest, view.Digest())
}
