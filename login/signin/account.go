package signin

import (
	"net/http"
	"slices"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/authorize"
	"latchkey/storage"
	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// accountForm asks with which of this browser's accounts to go on.
func (h *Handler) accountForm(w http.ResponseWriter, r *http.Request) {
	f, end := h.Provider.Flow(r)
	switch {
	case end != nil:
		end.Write(w, r)
	case len(f.Accounts()) == 0:
		front.See(w, f.Path()+authorize.PathSignIn)
	default:
		h.show(w, r, http.StatusOK, accountPage(f))
	}
}

func accountPage(f *authorize.Flow) page.ChooseAccount {
	return page.ChooseAccount{Action: f.Path() + authorize.PathAccount, App: front.AppOf(f.Client()),
		Accounts:   choices(signedIn(f.Accounts())),
		SignOutURL: f.Path() + authorize.PathAccount + pathSignOutOf}
}

// signOutOfForm asks which of this browser's accounts to sign out.
func (h *Handler) signOutOfForm(w http.ResponseWriter, r *http.Request) {
	f, end := h.Provider.Flow(r)
	switch {
	case end != nil:
		end.Write(w, r)
	case len(f.Accounts()) == 0:
		front.See(w, f.Path()+authorize.PathSignIn)
	default:
		back := f.Path() + authorize.PathAccount
		h.show(w, r, http.StatusOK, page.SignOutOf{Action: back, Back: back, App: front.AppOf(f.Client()),
			Accounts: choices(signedIn(f.Accounts()))})
	}
}

func signedIn(accounts []grants.Account) (all []people.SignedIn) {
	for _, a := range accounts {
		all = append(all, a.SignedIn)
	}
	return all
}

func (h *Handler) account(w http.ResponseWriter, r *http.Request) {
	f, end := h.Provider.Flow(r)
	switch {
	case end != nil:
		end.Write(w, r)
	case r.PostForm.Get("action") == "another":
		front.See(w, f.Path()+authorize.PathSignIn)
	case r.PostForm.Get("sign_out") != "":
		h.signOutOf(w, r, f, r.PostForm.Get("sign_out"))
	default:
		id, err := storage.ParseID(r.PostForm.Get("account"))
		if err != nil || !slices.ContainsFunc(f.Accounts(), func(a grants.Account) bool { return a.Session.ID == id }) {
			h.chosenIsGone(w, r, f)
			return
		}
		f.Choose(w, r, id)
	}
}

// chosenIsGone asks again: the account was signed out meanwhile.
func (h *Handler) chosenIsGone(w http.ResponseWriter, r *http.Request, f *authorize.Flow) {
	if len(f.Accounts()) == 0 {
		form := h.flowPage(f, f.LoginHint())
		form.Problem = page.SignedOutSince
		h.show(w, r, http.StatusConflict, form)
		return
	}
	form := accountPage(f)
	form.Gone = true
	h.show(w, r, http.StatusConflict, form)
}

// signOutOf ends one of the browser's sessions, or all, and goes on with the flow.
func (h *Handler) signOutOf(w http.ResponseWriter, r *http.Request, f *authorize.Flow, which string) {
	if err := h.signOutChosen(w, r, signedIn(f.Accounts()), which); err != nil {
		h.fail(w, r, err)
		return
	}
	f.SignedOut(w, r)
}

// end ends sessions, each on behalf of its own user, and takes them out of the
// browser's cookie.
func (h *Handler) end(w http.ResponseWriter, r *http.Request, ending []*people.Session) error {
	if err := h.endEach(r, ending); err != nil {
		return err
	}
	var ended []storage.ID
	for _, v := range ending {
		ended = append(ended, v.ID)
	}
	life, err := h.Store.Sessions.BrowserLife(r.Context(), h.Sessions.Of(r))
	if err != nil {
		return err
	}
	h.Sessions.Forget(w, r, life, ended...)
	return nil
}

func (h *Handler) endEach(r *http.Request, ending []*people.Session) error {
	for _, v := range ending {
		by := storage.Actor{User: v.User, Via: storage.ViaPage, RequestID: edge.RequestID(r.Context())}
		if err := h.Store.Sessions.End(r.Context(), by, v.ID); err != nil {
			return err
		}
	}
	return nil
}
