package authorize

import (
	"bytes"
	"time"

	"latchkey/op/frontchannel"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// step is what is missing before a flow can be answered.
type step string

// The steps, as the pages' paths under the flow name them.
const (
	stepNone    step = ""
	stepSignIn  step = "sign-in"
	stepAccount step = "account"
	stepConsent step = "consent"
)

// verdict is what evaluation comes to: exactly one of a step that is missing, a
// fault to tell the client, a page that refuses, or an account whose user allows what was asked.
type verdict struct {
	step    step
	fault   *fault
	refusal *frontchannel.Refusal // a page of ours, where nothing can be decided
	account *grants.Account
	// consented is the decision of this flow; nil: remembered consent is enough.
	consented *grants.ConsentChange
	scopes    []string // what the code will stand for
}

// evaluate is the authorize function: no writes, no clock but the request's own
// start, no step that knows of another.
func evaluate(q *Request, st *grants.Standing, d decisions) verdict {
	account, missing := chooseAccount(q, st, d)
	if missing != stepNone {
		return q.need(missing)
	}
	if needsSignIn(q, account, d) {
		return q.need(stepSignIn)
	}
	if !st.Client.Admits(account.User) {
		return q.bar()
	}
	return decideConsent(q, st, account, d)
}

// need asks for a step, or says why it cannot when nobody may be asked (OpenID
// Connect Core section 3.1.2.6).
func (q *Request) need(s step) verdict {
	if !q.asks("none") {
		return verdict{step: s}
	}
	switch s {
	case stepAccount:
		return verdict{fault: faulty("account_selection_required", "the user must choose an account")}
	case stepConsent:
		return verdict{fault: faulty("consent_required", "the user must consent")}
	default:
		return verdict{fault: faulty("login_required", "the user must sign in")}
	}
}

// bar keeps a user out who is in none of the groups that the client is open to. The
// page says whom to ask; the app could not tell them.
func (q *Request) bar() verdict {
	if q.asks("none") {
		return verdict{fault: faulty("access_denied", "the user may not use this app")}
	}
	return verdict{refusal: frontchannel.Refuse(frontchannel.RefusedNotAllowed,
		"the app is open to certain groups only")}
}

// chooseAccount picks whom the flow is about: the one decided in it, the one an ID token
// or the claims parameter names, or the only one there is, unless login_hint names
// somebody else.
func chooseAccount(q *Request, st *grants.Standing, d decisions) (*grants.Account, step) {
	accounts := st.Accounts
	find := func(is func(*grants.Account) bool) (*grants.Account, step) {
		for i := range accounts {
			if is(&accounts[i]) {
				return &accounts[i], stepNone
			}
		}
		return nil, stepSignIn
	}
	switch {
	case !d.Session.IsZero(): // none: signed out since
		return find(func(a *grants.Account) bool { return sameLine(a.Session, d.Session) })
	case len(accounts) == 0:
		return nil, stepSignIn
	case q.asks("select_account"): // even of one, or of the one who is named
		return nil, stepAccount
	case q.Subject != "":
		return find(func(a *grants.Account) bool { return a.User.Subject() == q.Subject })
	}
	if q.asks("none") {
		// Only among accounts that the app knows, and a hint at anybody else changes
		// nothing: an app must not find out by hints who is signed in here.
		if a, missing := find(func(a *grants.Account) bool {
			return remembered(st.Client, a) != nil &&
				q.names(a)
		}); missing == stepNone {
			return a, stepNone
		}
	} else if q.LoginHint != "" && !q.names(&accounts[0]) {
		return nil, stepAccount
	}
	if len(accounts) > 1 {
		return nil, stepAccount
	}
	return &accounts[0], stepNone
}

// names reports whether login_hint names a: by username, verified e-mail address, or the
// sub that the client has in ID tokens.
func (q *Request) names(a *grants.Account) bool {
	return q.LoginHint != "" && (q.LoginHint == a.User.Subject() || a.User.IsNamed(q.LoginHint))
}

// sameLine reports whether a decision about session is about s: the same one, or the one
// that went on from it when its user signed in again in another tab.
func sameLine(s *people.Session, session storage.ID) bool {
	return s.ID == session || s.Line() == session
}

// needsSignIn decides whether a live session is proof enough for this request.
func needsSignIn(q *Request, a *grants.Account, d decisions) bool {
	here := d.Authenticated && sameLine(a.Session, d.Session)
	switch {
	case q.Subject != "" && a.User.Subject() != q.Subject:
		return true
	case q.asks("login") && !here:
		return true
	case q.MaxAge == nil || here:
		return false
	default:
		oldest := q.Started.Add(-time.Duration(*q.MaxAge) * time.Second)
		return *q.MaxAge == 0 || a.Session.AuthTime.Before(oldest)
	}
}

// decideConsent uses this flow's decision if it is about exactly what would be
// shown now, else what is remembered, else asks.
func decideConsent(q *Request, st *grants.Standing, a *grants.Account, d decisions) verdict {
	view := newConsentView(q, st, a)
	c := d.Consent
	decided := c != nil && sameLine(a.Session, c.Session) && bytes.Equal(c.Digest, view.Digest())
	v := verdict{account: a}
	asksNew := remembered(st.Client, a) == nil || view.asksNew()
	switch {
	case decided:
		// Only what was ticked now: a box cleared takes back what was allowed before.
		v.consented = &grants.ConsentChange{Scopes: c.Scopes, Declined: c.Declined, Claims: c.Claims}
		v.scopes = userclaims.Intersect(view.scopes(q), c.Scopes)
	case q.asks("consent") || st.Client.AsksEachTime(q.RedirectURI) || st.Client.Metadata.Consent == apps.ConsentAlways:
		return q.need(stepConsent)
	case asksNew && st.Client.SkipsConsent() && !view.asksBeyond():
		v.consented = view.imply()
		v.scopes = userclaims.Intersect(view.scopes(q), v.consented.Scopes)
	case asksNew:
		return q.need(stepConsent)
	default:
		v.scopes = userclaims.Intersect(view.scopes(q), a.Consent.Scopes)
	}
	if len(v.scopes) == 0 {
		return verdict{fault: faulty("access_denied", "the user allowed nothing of what was asked for")}
	}
	return v
}
