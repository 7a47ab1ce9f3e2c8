package signin

import (
	"net/http"
	"slices"

	"latchkey/internal/edge"
	"latchkey/login/page"
	"latchkey/op"
	"latchkey/storage"
)

// accountForm asks with which of this browser's accounts to go on.
func (h *Handler) accountForm(w http.ResponseWriter, r *http.Request) {
	f := h.Provider.Flow(w, r)
	switch {
	case f == nil:
	case len(f.Accounts()) == 0:
		see(w, f.Path()+op.PathSignIn)
	default:
		form := page.ChooseAccount{Action: f.Path() + op.PathAccount, App: appOf(f.Client())}
		for _, a := range f.Accounts() {
			form.Accounts = append(form.Accounts, page.Account{Person: personOf(a.User), ID: a.Session.ID.String()})
		}
		h.show(w, r, http.StatusOK, form)
	}
}

func (h *Handler) account(w http.ResponseWriter, r *http.Request) {
	f := h.Provider.Flow(w, r)
	switch {
	case f == nil:
	case r.PostForm.Get("action") == "another":
		see(w, f.Path()+op.PathSignIn)
	case r.PostForm.Get("sign_out") != "":
		h.signOutOf(w, r, f, r.PostForm.Get("sign_out"))
	default:
		id, err := storage.ParseID(r.PostForm.Get("account"))
		if err != nil || !slices.ContainsFunc(f.Accounts(), func(a storage.Account) bool { return a.Session.ID == id }) {
			see(w, f.Path()+op.PathAccount) // signed out meanwhile: choose again
			return
		}
		f.Choose(w, r, id)
	}
}

// signOutOf ends one of the browser's sessions, or all, and goes on with the flow.
func (h *Handler) signOutOf(w http.ResponseWriter, r *http.Request, f *op.Flow, which string) {
	var ending []*storage.Session
	for _, a := range f.Accounts() {
		if which == "all" || a.Session.ID.String() == which {
			ending = append(ending, a.Session)
		}
	}
	if err := h.end(w, r, ending); err != nil {
		h.fail(w, r, err)
		return
	}
	f.Resume(w)
}

// end ends sessions, each on behalf of its own user, and takes them out of the
// browser's cookie.
func (h *Handler) end(w http.ResponseWriter, r *http.Request, ending []*storage.Session) error {
	var ended []storage.ID
	for _, v := range ending {
		by := storage.Actor{User: v.User, Via: storage.ViaPage, RequestID: edge.RequestID(r.Context())}
		if err := h.Store.Sessions.End(r.Context(), by, v.ID); err != nil {
			return err
		}
		ended = append(ended, v.ID)
	}
	set, err := h.Store.Settings.Get(r.Context())
	if err != nil {
		return err
	}
	h.Sessions.Forget(w, r, set.Lifetimes.SessionAbsolute, ended...)
	return nil
}
