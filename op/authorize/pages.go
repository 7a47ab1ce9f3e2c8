package authorize

import (
	"encoding/base64"
	"net/http"
	"slices"

	"latchkey/op/frontchannel"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// Paths of a flow's pages, under PathFlow/<id>.
const (
	PathSignIn  = "/" + string(stepSignIn)
	PathAccount = "/" + string(stepAccount)
	PathConsent = "/" + string(stepConsent)
)

// Flow is an authorization in progress, as the pages see it: what to show, and the
// decisions they may write. Each decision ends the answer by sending the browser
// back to the flow, which evaluates again.
type Flow struct {
	handler  *Handler
	id       storage.ID
	flow     *flow
	standing *grants.Standing
}

// Flow finds the flow that the request's path names (variable "flow"), in this
// browser and unfinished. If there is none, or it cannot be gone on with, the Ending says so.
func (h *Handler) Flow(r *http.Request) (*Flow, *Ending) {
	id, f, bad := h.flowOf(r)
	if bad != nil {
		return nil, &Ending{h, outcome{page: bad}}
	}
	st, bad := h.standing(r, id, f)
	if bad != nil {
		return nil, &Ending{h, outcome{client: st.Client, page: bad}}
	}
	return &Flow{handler: h, id: id, flow: f, standing: st}, nil
}

// Path is the flow's own address: the browser goes there to be evaluated again.
func (f *Flow) Path() string { return flowPath(f.id) }

// Client is the app that asks. Shared: not to be changed.
func (f *Flow) Client() *apps.Client { return f.standing.Client }

// Accounts are the live sessions of this browser, with their users: whom the app means
// first, then the others, the one used last first.
func (f *Flow) Accounts() []grants.Account {
	q, all := &f.flow.Request, slices.Clone(f.standing.Accounts)
	meant := func(a grants.Account) bool { return a.User.Subject() == q.Subject || q.names(&a) }
	slices.SortStableFunc(all, func(a, b grants.Account) int {
		switch {
		case meant(a) == meant(b):
			return 0
		case meant(a):
			return -1
		}
		return 1
	})
	return all
}

// LoginHint is what the app thinks the user would type; foreign text. A sub is nothing
// that anybody types.
func (f *Flow) LoginHint() string {
	hint := f.flow.Request.LoginHint
	if _, err := storage.ParseID(hint); err == nil {
		return ""
	}
	return hint
}

// Resume sends the browser back to be evaluated.
func (f *Flow) Resume(w http.ResponseWriter) { frontchannel.SeeOther(w, f.Path()) }

// SignedIn notes that a session began in this flow. It is known by its line.
func (f *Flow) SignedIn(w http.ResponseWriter, r *http.Request, line storage.ID) {
	f.flow.Decisions = decisions{Session: line, Authenticated: true}
	f.decide(w, r)
}

// Choose takes one of Accounts. An account chosen after it signed in here stays
// signed in here.
func (f *Flow) Choose(w http.ResponseWriter, r *http.Request, session storage.ID) {
	for _, a := range f.standing.Accounts {
		if a.Session.ID == session {
			session = a.Session.Line()
		}
	}
	was := f.flow.Decisions
	f.flow.Decisions = decisions{Session: session, Authenticated: was.Authenticated && was.Session == session}
	f.decide(w, r)
}

// Deny tells the app that the user said no, or left. The flow is over by it.
func (f *Flow) Deny(w http.ResponseWriter, r *http.Request) {
	f.handler.write(w, r, f.handler.close(f.id, f.standing, f.flow, faulty("access_denied", "the user said no")))
}

// Consent is what there is to decide; nil if something else comes first.
func (f *Flow) Consent() *ConsentView {
	account, missing := chooseAccount(&f.flow.Request, f.standing, f.flow.Decisions)
	if missing != stepNone || needsSignIn(&f.flow.Request, account, f.flow.Decisions) ||
		!f.Client().Admits(account.User) {
		return nil
	}
	return newConsentView(&f.flow.Request, f.standing, account)
}

// Allow takes the user's yes to what the page with this digest showed, with the
// optional scopes they ticked. False, and nothing decided, if there is something
// else to show by now.
func (f *Flow) Allow(w http.ResponseWriter, r *http.Request, digest string, ticked []string) bool {
	view := f.Consent()
	if view == nil || digest != view.DigestText() {
		return false
	}
	f.flow.Decisions.Consent = view.decide(ticked)
	f.decide(w, r)
	return true
}

// DigestText is Digest as a form carries it.
func (v *ConsentView) DigestText() string { return base64.RawURLEncoding.EncodeToString(v.Digest()) }

// decide writes the flow back into the browser and sends it on.
func (f *Flow) decide(w http.ResponseWriter, r *http.Request) {
	f.handler.write(w, r, outcome{client: f.standing.Client, next: f.Path(),
		keep: &keptFlow{id: f.id, flow: f.flow, life: f.handler.left(f.flow, f.standing.Settings)}})
}
