package signout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/edge"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
	"latchkey/storage/policy"
)

// signOutPages are the pages that signing out needs.
type Pages interface {
	Refuse(w http.ResponseWriter, r *http.Request, why frontchannel.Refusal)
	// SignedOut says that an app's request to sign out is done.
	SignedOut(w http.ResponseWriter, r *http.Request, l *Logout)
}

// signOutSessions tells which sessions a browser carries, the one used last first. They
// need not be alive.
type Sessions interface {
	Of(r *http.Request) []storage.ID
	// Forget takes sessions that have ended out of the browser's cookie, which lives
	// for life seconds. The rest stay.
	Forget(w http.ResponseWriter, r *http.Request, life uint32, ended ...storage.ID)
}

// signOutHandler is the logout endpoint (OpenID Connect RP-Initiated Logout 1.0
// section 2), and goes on with its requests at the pages.
type Handler struct {
	Clients  apps.Clients
	People   people.Sessions
	Settings policy.SettingsStore
	Tokens   *tokens.Tokens
	Sealer   frontchannel.Sealer
	Pages    Pages
	Sessions Sessions
	Now      func() time.Time
}

// ServeHTTP has a request that came by POST checked and come back by GET, as at authorize:
// when another site sends it, it carries no Lax cookies.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.write(w, r, h.endSession(w, r))
}

func (h *Handler) endSession(w http.ResponseWriter, r *http.Request) signOutOutcome {
	if r.Method == http.MethodGet && r.URL.Query().Has("request") {
		l, o := h.resume(r)
		if l == nil {
			return o
		}
		return l.advance(r)
	}
	form, bad := frontchannel.PageForm(w, r, oauth.EndSessionParameters)
	if bad != nil {
		return signOutOutcome{page: bad}
	}
	l, bad := h.readLogout(r.Context(), form)
	switch {
	case r.Method == http.MethodPost && (bad == nil || l.onlyAddressIsWrong(bad)):
		return signOutOutcome{next: h.logoutPath(oauth.PathEndSession, l.q)}
	case bad != nil:
		return l.refuse(r, bad)
	}
	return l.advance(r)
}

// readLogout checks a request. Whatever is wrong with it ends on a page, and nobody
// is signed out: it is not known who asks. ui_locales and logout_hint need no
// reading: there is one language, and the page says who is signed in here.
func (h *Handler) readLogout(ctx context.Context, form url.Values) (*Logout, *frontchannel.Refusal) {
	l := &Logout{handler: h, q: &logout{Started: h.Now().UTC().Truncate(time.Second)}}
	if name := oauth.SentTwice(form, oauth.EndSessionParameters); name != "" {
		return l, frontchannel.Refuse(frontchannel.RefusedRequest, "%s was sent more than once", name)
	}
	if len(form.Get("state")) > frontchannel.MaxState {
		return l, frontchannel.Refuse(frontchannel.RefusedRequest, "state may be up to %d bytes long",
			frontchannel.MaxState)
	}
	if len(form.Get("post_logout_redirect_uri"))+len(url.QueryEscape(form.Get("state"))) > frontchannel.MaxLocation-frontchannel.MaxAnswer {
		return l, frontchannel.Refuse(frontchannel.RefusedRequest,
			"post_logout_redirect_uri and state, encoded, are too long to come back in an address of %d bytes",
			frontchannel.MaxLocation)
	}
	l.q.ClientID = form.Get("client_id")
	if token := form.Get("id_token_hint"); token != "" {
		hint, ok := h.Tokens.ReadHint(token)
		if !ok || l.q.ClientID != "" && l.q.ClientID != hint.Audience {
			return l, frontchannel.Refuse(frontchannel.RefusedRequest,
				"id_token_hint is not an ID token that this provider issued to this client")
		}
		l.q.ClientID, l.q.Subject, l.q.SID = hint.Audience, hint.Subject, hint.SID
	}
	var bad *frontchannel.Refusal
	l.q.ReturnURI, l.q.State = form.Get("post_logout_redirect_uri"), form.Get("state")
	l.client, bad = h.whoLogsOut(ctx, l.q.ClientID, form)
	return l, bad
}

// returnMost bounds a registered post-logout redirect URI in bytes: a longer one is not
// carried any further.
const returnMost = 2048

// onlyAddressIsWrong reports whether the app has shown by a hint that it asks, and all
// that is wrong is where people are to go afterwards.
func (l *Logout) onlyAddressIsWrong(bad *frontchannel.Refusal) bool {
	return bad.Kind == frontchannel.RefusedRedirect && l.q.Subject != "" && len(l.q.ReturnURI) <= returnMost
}

// refuse ends the request on a page. Somebody who meant to be signed out, and is not,
// hears so and has a way to do it.
func (l *Logout) refuse(r *http.Request, bad *frontchannel.Refusal) signOutOutcome {
	if l.onlyAddressIsWrong(bad) {
		here, err := l.handler.People.Unended(r.Context(), l.handler.Sessions.Of(r))
		if err != nil {
			bad = frontchannel.Internal(err)
		} else if len(here) > 0 {
			q := *l.q
			q.ReturnURI, q.State = "", ""
			bad.SignOut = l.handler.logoutPath(oauth.PathEndSession, &q)
		}
	}
	return signOutOutcome{client: l.client, page: bad}
}

// whoLogsOut finds the app that a request names, and whether it may have people sent
// where it wants. A suspended app may still have people signed out.
func (h *Handler) whoLogsOut(ctx context.Context, clientID string, form url.Values) (*apps.Client,
	*frontchannel.Refusal) {
	uri := form.Get("post_logout_redirect_uri")
	if clientID == "" {
		if uri != "" {
			return nil, frontchannel.Refuse(frontchannel.RefusedRequest,
				"post_logout_redirect_uri needs an id_token_hint or a client_id")
		}
		return nil, nil
	}
	client, err := h.Clients.Get(ctx, clientID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, frontchannel.Refuse(frontchannel.RefusedClient, "no client has this client_id")
	}
	if err != nil {
		return nil, frontchannel.Internal(err)
	}
	edge.ClientID(ctx, client.ID)
	if uri != "" && !client.AllowsPostLogout(uri) {
		quoted := fmt.Sprintf("%.256q", uri)
		return client, frontchannel.Refuse(frontchannel.RefusedRedirect,
			"the post_logout_redirect_uri sent is not registered: %s%s", quoted,
			frontchannel.NearRegistered(client.Metadata.PostLogoutRedirectURIs, uri)).Quoting(quoted)
	}
	return client, nil
}

// advance decides on a request that came by GET. One whose hint names a session of
// this browser is the app's own and ends that session. Any other could come from
// anywhere: if somebody is signed in here, they are asked.
func (l *Logout) advance(r *http.Request) signOutOutcome {
	o := signOutOutcome{client: l.client}
	mine := l.handler.Sessions.Of(r)
	session, err := l.hinted(r.Context(), mine)
	if err == nil && session != nil {
		return l.end(r, session)
	}
	var here []people.SignedIn
	if err == nil {
		here, err = l.handler.People.Unended(r.Context(), mine) // those that are idle, too: they end by a yes
	}
	switch {
	case err != nil:
		o.page = frontchannel.Internal(err)
	case !acceptsPage(r):
		o.api = &oauth.Error{Status: http.StatusBadRequest, Code: "interaction_required",
			Text: "nobody was signed out: open this address in the user's browser, where they can be asked"}
	case len(here) > 0:
		o.next = l.Path()
	default:
		o.done = l
	}
	return o
}

// acceptsPage reports whether a person may see the answer: all browsers name text/html
// where they show a page. A program takes any page with status 200 for a success, and it
// has none of the cookies that say who is to be signed out.
func acceptsPage(r *http.Request) bool {
	return strings.Contains(strings.ToLower(strings.Join(r.Header["Accept"], ",")), "text/html")
}

// hinted finds the session that the hint names among those of this browser, be it
// idle: what hangs on it may be alive. Nil: none of them.
func (l *Logout) hinted(ctx context.Context, mine []storage.ID) (*people.Session, error) {
	if l.q.SID == "" {
		return nil, nil
	}
	stored, err := l.handler.People.Stored(ctx, mine)
	for _, v := range stored {
		if l.handler.Tokens.SID(v.Line(), l.client.UID) == l.q.SID {
			return v, nil
		}
	}
	return nil, err
}

// end ends a session on behalf of its user, whom the hint names.
func (l *Logout) end(r *http.Request, v *people.Session) signOutOutcome {
	ctx := r.Context()
	edge.Sub(ctx, l.q.Subject)
	by := storage.Actor{User: v.User, Via: storage.ViaOP, RequestID: edge.RequestID(ctx)}
	err := l.handler.People.End(ctx, by, v.ID)
	if err != nil {
		return signOutOutcome{client: l.client, page: frontchannel.Internal(err)}
	}
	life, err := l.handler.People.BrowserLife(ctx, l.handler.Sessions.Of(r))
	if err != nil {
		return signOutOutcome{client: l.client, page: frontchannel.Internal(err)}
	}
	return signOutOutcome{client: l.client, done: l, forget: &forgotten{v.ID, life}}
}

// signOutOutcome is what a request to sign somebody out comes to: exactly one of page, api,
// next and done. signOutHandler.write alone answers.
type signOutOutcome struct {
	client *apps.Client // that asks; nil: not known
	forget *forgotten   // what is taken out of the browser, besides; nil: nothing

	page *frontchannel.Refusal
	api  *oauth.Error // for a program, which has no person to ask
	next string       // an address of ours where the browser goes on
	done *Logout      // nobody is left to be signed out
}

// forgotten is a session that has ended.
type forgotten struct {
	session storage.ID
	life    uint32 // of the browser's cookie, in seconds
}

func (h *Handler) write(w http.ResponseWriter, r *http.Request, o signOutOutcome) {
	if o.forget != nil {
		h.Sessions.Forget(w, r, o.forget.life, o.forget.session)
	}
	switch {
	case o.page != nil:
		h.Pages.Refuse(w, r, o.page.For(r.Context(), o.client))
	case o.api != nil:
		oauth.NoStore(w)
		o.api.Write(w, r)
	case o.next != "":
		frontchannel.SeeOther(w, o.next)
	case o.done.Leads():
		frontchannel.SeeOther(w, o.done.ReturnURL())
	default:
		h.Pages.SignedOut(w, r, o.done)
	}
}
