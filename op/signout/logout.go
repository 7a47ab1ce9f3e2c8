package signout

import (
	"net/http"
	"net/url"
	"time"

	"latchkey/op/frontchannel"
	"latchkey/storage/apps"
	"latchkey/storage/policy"
)

// PathSignOut is the page that asks whether to sign out, and then says that it is
// done. An app's request comes to it sealed in the query, under "request".
const PathSignOut = "/sign-out"

// logoutMost bounds a sealed logout request in bytes: the longest post-logout
// redirect URI and state fit, that lead back in an address of locationMost bytes.
const logoutMost = 8 << 10

// logout is an app's request to sign somebody out, resolved: what was wrong is
// refused by now, and the hint is reduced to whom it names.
type logout struct {
	ClientID  string    `cbor:"1,keyasint,omitempty"` // empty: the request names no app
	ReturnURI string    `cbor:"2,keyasint,omitempty"` // one that the client registered
	State     string    `cbor:"3,keyasint,omitempty"`
	Subject   string    `cbor:"4,keyasint,omitempty"` // whom a good id_token_hint names; empty: there was none
	SID       string    `cbor:"5,keyasint,omitempty"` // which of their sessions, as the client knows it
	Started   time.Time `cbor:"6,keyasint"`
}

// bindingLogout tells a logout request from all else that is sealed for flows.
var bindingLogout = []byte("logout")

// logoutPath is where a browser goes on with the request at one of our pages. It holds no
// more than the request did: whoever opens it is asked, as by the request itself.
func (h *Handler) logoutPath(page string, q *logout) string {
	return page + "?request=" + h.Sealer.Seal(bindingLogout, q)
}

// openLogout reads what logoutPath wrote: errNoFlow for anything else.
func (h *Handler) openLogout(text string) (*logout, error) {
	q := new(logout)
	if err := h.Sealer.Unseal(bindingLogout, text, logoutMost, q); err != nil {
		return nil, err
	}
	return q, nil
}

// Logout is an app's request to sign somebody out, as the pages see it.
type Logout struct {
	handler *Handler
	q       *logout
	client  *apps.Client
}

// Logout finds the request that the address carries. If it cannot be gone on with, the
// SignOutEnding says so.
func (h *Handler) Logout(r *http.Request) (*Logout, *SignOutEnding) {
	l, o := h.resume(r)
	if l == nil {
		return nil, &SignOutEnding{h, o}
	}
	return l, nil
}

// SignOutEnding is the end of a request at which no page has anything to ask.
type SignOutEnding struct {
	handler *Handler
	outcome signOutOutcome
}

// Write answers the request.
func (e *SignOutEnding) Write(w http.ResponseWriter, r *http.Request) {
	e.handler.write(w, r, e.outcome)
}

// resume opens the request that the address carries, and checks again what may have changed
// since it came. Without a Logout the outcome says why not.
func (h *Handler) resume(r *http.Request) (*Logout, signOutOutcome) {
	q, err := h.openLogout(r.URL.Query().Get("request"))
	if err != nil {
		return nil, signOutOutcome{page: frontchannel.Expired()}
	}
	set, err := h.Settings.Get(r.Context())
	if err != nil {
		return nil, signOutOutcome{page: frontchannel.Internal(err)}
	}
	if !h.Now().Before(q.Started.Add(policy.Seconds(set.Lifetimes.Flow))) {
		return nil, signOutOutcome{page: frontchannel.Expired()}
	}
	form := url.Values{"post_logout_redirect_uri": {q.ReturnURI}}
	l := &Logout{handler: h, q: q}
	var bad *frontchannel.Refusal
	if l.client, bad = h.whoLogsOut(r.Context(), q.ClientID, form); bad != nil {
		return nil, l.refuse(r, bad)
	}
	return l, signOutOutcome{}
}

// Path is the page's own address, with the request.
func (l *Logout) Path() string { return l.handler.logoutPath(PathSignOut, l.q) }

// Client is the app that asks; nil if the request names none. Shared: not to be
// changed.
func (l *Logout) Client() *apps.Client { return l.client }

// ReturnURL is where the app wants people to go afterwards: an address that it has
// registered, with its state. Empty: nowhere, or the app may not be used now.
func (l *Logout) ReturnURL() string {
	if l.q.ReturnURI == "" || !l.client.Live() {
		return ""
	}
	if l.q.State == "" {
		return l.q.ReturnURI
	}
	return frontchannel.ResponseURI(l.q.ReturnURI, "", [][2]string{{"state", l.q.State}})
}

// Leads reports whether the browser is to be sent to ReturnURL. Only an ID token of
// ours shows that the app itself asked: without one there is a page with a link, not
// a redirect (OpenID Connect RP-Initiated Logout 1.0 section 3).
func (l *Logout) Leads() bool { return l.q.Subject != "" && l.ReturnURL() != "" }

// Finish answers when nobody is left to be signed out.
func (l *Logout) Finish(w http.ResponseWriter, r *http.Request) {
	l.handler.write(w, r, signOutOutcome{client: l.client, done: l})
}
