package signin

import (
	"net/http"
	"slices"

	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
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
		h.show(w, r, http.StatusOK, page.ChooseAccount{Action: front.PathChoose, ReturnTo: back, Accounts: choices(live)})
	}
}

// choices are the buttons for accounts.
func choices(live []storage.SignedIn) (all []page.Account) {
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
		if err := h.end(w, r, chosen(live, out)); err != nil {
			h.fail(w, r, err)
			return
		}
		front.See(w, front.Back(front.PathChoose, back))
	default:
		h.goOnAs(w, r, live, r.PostForm.Get("account"), back)
	}
}

// chosen are the sessions that a button to sign out means: one, or all.
func chosen(live []storage.SignedIn, which string) (some []storage.SignedIn) {
	for _, v := range live {
		if which == "all" || v.Session.ID.String() == which {
			some = append(some, v)
		}
	}
	return some
}

// goOnAs puts an account in front of the browser's others.
func (h *Handler) goOnAs(w http.ResponseWriter, r *http.Request, live []storage.SignedIn, account, back string) {
	i := slices.IndexFunc(live, func(v storage.SignedIn) bool { return v.Session.ID.String() == account })
	if i < 0 { // signed out meanwhile: choose again
		front.See(w, front.Back(front.PathChoose, back))
		return
	}
	set, err := h.Store.Settings.Get(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	ids := []storage.ID{live[i].Session.ID}
	for _, v := range slices.Delete(live, i, i+1) {
		ids = append(ids, v.Session.ID)
	}
	h.Sessions.Keep(w, ids, set.Lifetimes.SessionAbsolute)
	front.See(w, back)
}
