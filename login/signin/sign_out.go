package signin

import (
	"net/http"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/signout"
	"latchkey/storage"
	"latchkey/storage/people"
)

// signOutForm asks before signing out: a link or an image on another page must not
// do it, nor an app that cannot show whom it means.
func (h *Handler) signOutForm(w http.ResponseWriter, r *http.Request) {
	l, end := h.logout(r)
	if end != nil {
		end.Write(w, r)
		return
	}
	here, err := h.Store.Sessions.Unended(r.Context(), h.Sessions.Of(r))
	var live []people.SignedIn
	if err == nil {
		live, err = h.Store.Sessions.Live(r.Context(), h.Sessions.Of(r))
	}
	switch {
	case err != nil:
		h.fail(w, r, err)
	case len(here) == 0:
		h.show(w, r, http.StatusOK, signedOut(l))
	case len(live) == 0: // whoever sits here now need not be who signed in: nobody is named
		h.show(w, r, http.StatusOK, signOutPage(l, nil))
	default: // all that are signed in are named: all of them end
		h.show(w, r, http.StatusOK, signOutPage(l, live))
	}
}

// logout is the app's request that the address carries; nil: the person came by
// themselves. It may be over: then a page says so.
func (h *Handler) logout(r *http.Request) (*signout.Logout, *signout.SignOutEnding) {
	if !r.URL.Query().Has("request") {
		return nil, nil
	}
	return h.Provider.Logout(r)
}

func signOutPage(l *signout.Logout, live []people.SignedIn) page.SignOut {
	p := page.SignOut{Action: signout.PathSignOut, OfferEverywhere: len(live) > 0}
	for _, v := range live {
		p.People = append(p.People, front.PersonOf(v.User))
	}
	if l == nil {
		return p
	}
	p.Action = l.Path()
	if c := l.Client(); c != nil {
		p.App = front.AppOf(c)
	}
	return p
}

func signedOut(l *signout.Logout) page.SignedOut {
	if l == nil || l.Client() == nil {
		return page.SignedOut{}
	}
	return page.SignedOut{App: front.AppOf(l.Client()), ReturnURL: l.ReturnURL()}
}

// signOut ends every session of this browser: on a shared computer, nobody wants to
// leave an account behind; if they ask for it, those of their other devices too. Then
// it goes on with the app's request, if there is one.
func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) {
	l, end := h.logout(r)
	if end != nil {
		end.Write(w, r)
		return
	}
	live, err := h.Store.Sessions.Live(r.Context(), h.Sessions.Of(r))
	if len(live) > 0 {
		edge.Sub(r.Context(), live[0].User.Subject())
	}
	if err == nil && r.PostForm.Get("everywhere") == "yes" {
		err = h.endEverywhere(r, live)
	}
	if err == nil {
		err = h.endHere(w, r)
	}
	switch {
	case err != nil:
		h.fail(w, r, err)
	case l != nil && l.Leads():
		l.Finish(w, r)
	case l != nil:
		front.See(w, l.Path())
	default:
		front.See(w, signout.PathSignOut)
	}
}

// endHere ends the sessions of this browser, those that are idle and those that went on
// in another tab among them.
func (h *Handler) endHere(w http.ResponseWriter, r *http.Request) error {
	here, err := h.stored(r)
	if err != nil {
		return err
	}
	return h.end(w, r, here)
}

// endEverywhere ends the sessions that the users signed in here have on other devices.
func (h *Handler) endEverywhere(r *http.Request, here []people.SignedIn) error {
	for _, v := range here {
		by := v.User.Actor(storage.ViaPage, edge.RequestID(r.Context()))
		if _, err := h.Store.Sessions.EndAll(r.Context(), by, v.User.ID); err != nil {
			return err
		}
	}
	return nil
}
