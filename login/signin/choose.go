package signin

import (
	"net/http"
	"slices"

	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
	"latchkey/storage/people"
)

// chooseForm asks which of this browser's accounts the pages outside a flow are about
// from now on.
func (h *Handler) chooseForm(w http.ResponseWriter, r *http.Request) {
	back := front.ReturnPath(r.URL.Query().Get("return_to"))
	live, err := h.Store.Sessions.Live(r.Context(), h.Sessions.Of(r))
	switch {
	case err != nil:
		h.fail(w, r, err)
	case len(live) == 0:
		front.See(w, front.Back(front.PathSignIn, back))
	default:
		h.show(w, r, http.StatusOK, choosePage(live, back))
	}
}

func choosePage(live []people.SignedIn, back string) page.ChooseAccount {
	return page.ChooseAccount{Action: front.PathChoose, ReturnTo: back, Accounts: choices(live),
		SignOutURL: front.Back(front.PathChoose+pathSignOutOf, back)}
}

// pathSignOutOf is the page that asks which account to sign out, under the page that asks
// with which to go on.
const pathSignOutOf = "/sign-out"

// chooseSignOutForm asks which of this browser's accounts to sign out.
func (h *Handler) chooseSignOutForm(w http.ResponseWriter, r *http.Request) {
	back := front.ReturnPath(r.URL.Query().Get("return_to"))
	live, err := h.Store.Sessions.Live(r.Context(), h.Sessions.Of(r))
	switch {
	case err != nil:
		h.fail(w, r, err)
	case len(live) == 0:
		front.See(w, front.Back(front.PathSignIn, back))
	default:
		h.show(w, r, http.StatusOK, page.SignOutOf{Action: front.PathChoose,
			Back: front.Back(front.PathChoose, back), ReturnTo: back, Accounts: choices(live)})
	}
}

// choices are the buttons for accounts.
func choices(live []people.SignedIn) (all []page.Account) {
	for _, v := range live {
		all = append(all, page.Account{Person: front.PersonOf(v.User), ID: v.Session.ID.String()})
	}
	return all
}

func (h *Handler) choose(w http.ResponseWriter, r *http.Request) {
	back := front.ReturnPath(r.PostForm.Get("return_to"))
	live, err := h.Store.Sessions.Live(r.Context(), h.Sessions.Of(r))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	switch out := r.PostForm.Get("sign_out"); {
	case r.PostForm.Get("action") == "another":
		front.See(w, front.Back(front.PathSignIn, back))
	case out != "":
		if err := h.signOutChosen(w, r, live, out); err != nil {
			h.fail(w, r, err)
			return
		}
		front.See(w, front.Back(front.PathChoose, back))
	default:
		h.goOnAs(w, r, live, r.PostForm.Get("account"), back)
	}
}

// signOutChosen ends what a button to sign out means: one of the browser's sessions, or
// all, those that are idle among them.
func (h *Handler) signOutChosen(w http.ResponseWriter, r *http.Request, live []people.SignedIn, which string) error {
	if which == "all" {
		return h.endHere(w, r)
	}
	for _, v := range live {
		if v.Session.ID.String() == which {
			return h.end(w, r, []*people.Session{v.Session})
		}
	}
	return nil // signed out meanwhile
}

// goOnAs puts an account in front of the browser's others.
func (h *Handler) goOnAs(w http.ResponseWriter, r *http.Request, live []people.SignedIn, account, back string) {
	i := slices.IndexFunc(live, func(v people.SignedIn) bool { return v.Session.ID.String() == account })
	switch {
	case len(live) == 0:
		front.See(w, front.Back(front.PathSignIn, back))
		return
	case i < 0: // signed out meanwhile
		p := choosePage(live, back)
		p.Gone = true
		h.show(w, r, http.StatusConflict, p)
		return
	}
	first := live[i].Session.ID
	rest := slices.DeleteFunc(h.Sessions.Of(r), func(id storage.ID) bool { return id == first })
	all := append([]storage.ID{first}, rest...)
	life, err := h.Store.Sessions.BrowserLife(r.Context(), all)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.Sessions.Keep(w, all, life)
	front.See(w, back)
}
