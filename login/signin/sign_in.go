package signin

import (
	"cmp"
	"net/http"
	"strings"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/authorize"
	"latchkey/storage/people"
)

// flowSignInForm shows the form for an app's flow.
func (h *Handler) flowSignInForm(w http.ResponseWriter, r *http.Request) {
	f, end := h.Provider.Flow(r)
	if end != nil {
		end.Write(w, r)
		return
	}
	h.show(w, r, http.StatusOK, h.flowPage(f, f.LoginHint()))
}

// flowPage says why it is shown to somebody who may think that they have signed in.
func (h *Handler) flowPage(f *authorize.Flow, username string) page.SignIn {
	p := page.SignIn{Action: f.Path() + authorize.PathSignIn, App: front.AppOf(f.Client()), Username: username,
		Short: people.ShortSession}
	switch f.SignInReason() {
	case authorize.ReasonAgain:
		p.Why = page.Again
		if a := f.Again(); a != nil {
			p.Username, p.Keep = cmp.Or(p.Username, a.User.Username), !a.Session.Short
		}
	case authorize.ReasonAbsent:
		p.Why = page.Absent
	case authorize.ReasonSignedOut:
		p.Problem = page.SignedOutSince
	case authorize.ReasonOther:
		p.Problem, p.Person = page.OtherAccount, front.PersonOf(f.Decided().User)
		if a := f.Wanted(); a != nil {
			p.Instead = &page.Account{Person: front.PersonOf(a.User), ID: a.Session.ID.String()}
			p.AccountURL = f.Path() + authorize.PathAccount
		}
	}
	return p
}

// flowSignIn takes the form. Cancel tells the app that the user left.
func (h *Handler) flowSignIn(w http.ResponseWriter, r *http.Request) {
	f, end := h.Provider.Flow(r)
	if end != nil {
		end.Write(w, r)
		return
	}
	if r.PostForm.Get("action") == "cancel" {
		f.Deny(w, r)
		return
	}
	form := h.flowPage(f, "")
	form.Username = r.PostForm.Get("username")
	out, ok := h.take(w, r, form)
	if ok {
		f.SignedIn(w, r, out.session.Line())
	}
}

// signInForm shows the form without a flow. It names the browser, so that the
// POST can tell whether cookies come back.
func (h *Handler) signInForm(w http.ResponseWriter, r *http.Request) {
	h.Provider.NameBrowser(w, r)
	form := page.SignIn{Action: front.PathSignIn, ReturnTo: front.ReturnPath(r.URL.Query().Get("return_to")),
		Short: people.ShortSession}
	form.Notice, form.Username = h.notices().TakeSignIn(w, r)
	h.show(w, r, http.StatusOK, form)
}

func (h *Handler) signIn(w http.ResponseWriter, r *http.Request) {
	back := front.ReturnPath(r.PostForm.Get("return_to"))
	form := page.SignIn{Action: front.PathSignIn, ReturnTo: back, Username: r.PostForm.Get("username"),
		Short: people.ShortSession}
	if r.PostForm.Get("action") == "cancel" {
		front.See(w, front.PathHome)
		return
	}
	if h.Provider.Browser(r) == nil {
		form.Problem = page.NoCookies
		h.show(w, r, front.StatusOf(form.Problem), form)
		return
	}
	if _, ok := h.take(w, r, form); ok {
		front.See(w, back)
	}
}

// take checks a submitted form. If it does not lead to a session it has answered
// with the form again, and returns false.
func (h *Handler) take(w http.ResponseWriter, r *http.Request, form page.SignIn) (outcome, bool) {
	password := r.PostForm.Get("password")
	form.Keep = r.PostForm.Get("keep") == "yes"
	if strings.TrimSpace(form.Username) == "" {
		form.Errors.Add(page.FieldUsername, page.UsernameMissing)
	}
	if password == "" {
		form.Errors.Add(page.FieldPassword, page.PasswordMissing)
	}
	if len(form.Errors) > 0 {
		h.show(w, r, http.StatusUnprocessableEntity, form)
		return outcome{}, false
	}
	out, err := h.attempt(r, strings.TrimSpace(form.Username), password, !form.Keep)
	if err == nil {
		edge.Count(r.Context(), "sign_in", out.word())
	}
	if err == nil && out.session != nil {
		err = h.remember(w, r, out)
	}
	if err != nil {
		h.fail(w, r, err)
		return outcome{}, false
	}
	if out.session == nil {
		form.Problem, form.RetryAfter = out.problem, out.wait
		h.show(w, r, front.StatusOf(out.problem), form)
		return outcome{}, false
	}
	return out, true
}
