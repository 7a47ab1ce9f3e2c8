package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/edge"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

// serveEndSession is the logout endpoint (OpenID Connect RP-Initiated Logout 1.0
// section 2). A request that comes by POST carries no Lax cookies when another site
// sends it, so it is checked and comes back by GET, as at authorize.
func (p *Provider) serveEndSession(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Query().Has("request") {
		if l := p.Logout(w, r); l != nil {
			l.advance(w, r)
		}
		return
	}
	form, bad := pageForm(w, r, endSessionParameters)
	if bad != nil {
		p.refuse(w, r, nil, bad)
		return
	}
	l, bad := p.readLogout(r.Context(), form)
	switch {
	case r.Method == http.MethodPost && (bad == nil || l.onlyAddressIsWrong(bad)):
		see(w, p.logoutPath(PathEndSession, l.q))
	case bad != nil:
		l.refuse(w, r, bad)
	default:
		l.advance(w, r)
	}
}

// readLogout checks a request. Whatever is wrong with it ends on a page, and nobody
// is signed out: it is not known who asks. ui_locales and logout_hint need no
// reading: there is one language, and the page says who is signed in here.
func (p *Provider) readLogout(ctx context.Context, form url.Values) (*Logout, *Refusal) {
	l := &Logout{p: p, q: &logout{Started: p.now().UTC().Truncate(time.Second)}}
	if name := sentTwice(form, endSessionParameters); name != "" {
		return l, refuse(RefusedRequest, "%s was sent more than once", name)
	}
	if len(form.Get("state")) > stateMost {
		return l, refuse(RefusedRequest, "state may be up to %d bytes long", stateMost)
	}
	if len(form.Get("post_logout_redirect_uri"))+len(url.QueryEscape(form.Get("state"))) > locationMost-answerMost {
		return l, refuse(RefusedRequest, "post_logout_redirect_uri and state, encoded, are too long to come back in an address of %d bytes", locationMost)
	}
	l.q.ClientID = form.Get("client_id")
	if hint := form.Get("id_token_hint"); hint != "" {
		h, ok := p.readHint(hint)
		if !ok || l.q.ClientID != "" && l.q.ClientID != h.Audience {
			return l, refuse(RefusedRequest, "id_token_hint is not an ID token that this provider issued to this client")
		}
		l.q.ClientID, l.q.Subject, l.q.SID = h.Audience, h.Subject, h.SID
	}
	var bad *Refusal
	l.q.ReturnURI, l.q.State = form.Get("post_logout_redirect_uri"), form.Get("state")
	l.client, bad = p.whoLogsOut(ctx, l.q.ClientID, form)
	return l, bad
}

// returnMost bounds a registered post-logout redirect URI in bytes: a longer one is not
// carried any further.
const returnMost = 2048

// onlyAddressIsWrong reports whether the app has shown by a hint that it asks, and all
// that is wrong is where people are to go afterwards.
func (l *Logout) onlyAddressIsWrong(bad *Refusal) bool {
	return bad.Kind == RefusedRedirect && l.q.Subject != "" && len(l.q.ReturnURI) <= returnMost
}

// refuse ends the request on a page. Somebody who meant to be signed out, and is not,
// hears so and has a way to do it.
func (l *Logout) refuse(w http.ResponseWriter, r *http.Request, bad *Refusal) {
	if l.onlyAddressIsWrong(bad) {
		here, err := l.p.store.Sessions.Unended(r.Context(), l.p.sessions.Of(r))
		if err != nil {
			bad = l.p.internal(r.Context(), err)
		} else if len(here) > 0 {
			q := *l.q
			q.ReturnURI, q.State = "", ""
			bad.SignOut = l.p.logoutPath(PathEndSession, &q)
		}
	}
	l.p.refuse(w, r, l.client, bad)
}

// whoLogsOut finds the app that a request names, and whether it may have people sent
// where it wants. A suspended app may still have people signed out.
func (p *Provider) whoLogsOut(ctx context.Context, clientID string, form url.Values) (*apps.Client, *Refusal) {
	uri := form.Get("post_logout_redirect_uri")
	if clientID == "" {
		if uri != "" {
			return nil, refuse(RefusedRequest, "post_logout_redirect_uri needs an id_token_hint or a client_id")
		}
		return nil, nil
	}
	client, err := p.store.Clients.Get(ctx, clientID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, refuse(RefusedClient, "no client has this client_id")
	}
	if err != nil {
		return nil, p.internal(ctx, err)
	}
	edge.ClientID(ctx, client.ID)
	if uri != "" && !client.AllowsPostLogout(uri) {
		quoted := fmt.Sprintf("%.256q", uri)
		return client, refuse(RefusedRedirect, "the post_logout_redirect_uri sent is not registered: %s%s", quoted, almost(client.Metadata.PostLogoutRedirectURIs, uri)).quoting(quoted)
	}
	return client, nil
}

// hint is what an ID token of ours says, whatever its age.
type hint struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	SID      string `json:"sid"`
}

// readHint reads an ID token that this provider issued; it may be expired.
func (p *Provider) readHint(token string) (hint, bool) {
	var h hint
	raw, _, err := p.keys.Verify(typeIDToken, token)
	if err != nil || json.Unmarshal(raw, &h) != nil || h.Issuer != p.issuer {
		return hint{}, false
	}
	return h, h.Subject != "" && h.Audience != ""
}

// advance decides on a request that came by GET. One whose hint names a session of
// this browser is the app's own and ends that session. Any other could come from
// anywhere: if somebody is signed in here, they are asked.
func (l *Logout) advance(w http.ResponseWriter, r *http.Request) {
	ended, asks, err := l.act(w, r)
	switch {
	case err != nil:
		l.p.refuse(w, r, l.client, l.p.internal(r.Context(), err))
	case !ended && !acceptsPage(r):
		noStore(w)
		e := &apiError{status: http.StatusBadRequest, code: "interaction_required",
			text: "nobody was signed out: open this address in the user's browser, where they can be asked"}
		e.write(w, r)
	case asks:
		see(w, l.Path())
	default:
		l.Finish(w, r)
	}
}

// acceptsPage reports whether a person may see the answer: all browsers name text/html
// where they show a page. A program takes any page with status 200 for a success, and it
// has none of the cookies that say who is to be signed out.
func acceptsPage(r *http.Request) bool {
	return strings.Contains(strings.ToLower(strings.Join(r.Header["Accept"], ",")), "text/html")
}

// act ends the session that the hint names. If it names none of this browser, act reports
// whether there is somebody to ask.
func (l *Logout) act(w http.ResponseWriter, r *http.Request) (ended, asks bool, err error) {
	mine := l.p.sessions.Of(r)
	session, err := l.hinted(r.Context(), mine)
	if err != nil {
		return false, false, err
	}
	if session != nil {
		return true, false, l.end(w, r, session)
	}
	here, err := l.p.store.Sessions.Unended(r.Context(), mine) // those that are idle, too: they end by a yes
	return false, len(here) > 0, err
}

// hinted finds the session that the hint names among those of this browser, be it
// idle: what hangs on it may be alive. Nil: none of them.
func (l *Logout) hinted(ctx context.Context, mine []storage.ID) (*people.Session, error) {
	if l.q.SID == "" {
		return nil, nil
	}
	stored, err := l.p.store.Sessions.Stored(ctx, mine)
	for _, v := range stored {
		if l.p.sid(v.Line(), l.client.UID) == l.q.SID {
			return v, nil
		}
	}
	return nil, err
}

// end ends a session on behalf of its user, whom the hint names.
func (l *Logout) end(w http.ResponseWriter, r *http.Request, v *people.Session) error {
	ctx := r.Context()
	edge.Sub(ctx, l.q.Subject)
	by := storage.Actor{User: v.User, Via: storage.ViaOP, RequestID: edge.RequestID(ctx)}
	if err := l.p.store.Sessions.End(ctx, by, v.ID); err != nil {
		return err
	}
	life, err := l.p.store.Sessions.BrowserLife(ctx, l.p.sessions.Of(r))
	if err != nil {
		return err
	}
	l.p.sessions.Forget(w, r, life, v.ID)
	return nil
}
