package account

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/usecase"
)

// passwordForm shows the form for the account in front.
func (h *Handler) passwordForm(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathPassword)
	if live == nil {
		return
	}
	if err := h.Store.Sessions.Touch(r.Context(), live[0].Session); err != nil {
		h.front().Fail(w, r, err)
		return
	}
	if len(live[0].User.Password) == 0 {
		h.noPassword(w, r, live, live[0].User)
		return
	}
	form := passwordPage(live, live[0].User)
	form.EndOthers = true
	h.front().Show(w, r, http.StatusOK, form)
}

func passwordPage(live []people.SignedIn, u *people.User) page.ChangePassword {
	return page.ChangePassword{Action: front.PathPassword, Person: front.PersonOf(u), Account: u.Subject(),
		SwitchURL: others(live, front.PathPassword), Several: len(live) > 1, MinLength: keys.MinPassword}
}

func (h *Handler) noPassword(w http.ResponseWriter, r *http.Request, live []people.SignedIn, u *people.User) {
	p := page.NoPassword{Person: front.PersonOf(u)}
	if len(live) > 1 {
		p.SwitchURL = others(live, front.PathPassword)
	}
	h.front().Show(w, r, http.StatusOK, p)
}

// password takes the form.
func (h *Handler) password(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathPassword)
	if live == nil {
		return
	}
	v := named(live, r.PostForm.Get("account"))
	if v == nil {
		front.See(w, others(live, front.PathPassword))
		return
	}
	edge.Sub(r.Context(), v.User.Subject())
	if len(v.User.Password) == 0 {
		h.noPassword(w, r, live, v.User)
		return
	}
	form := passwordPage(live, v.User)
	form.EndOthers = r.PostForm.Get("everywhere") == "yes"
	done, err := h.change(r, *v, &form)
	var all []storage.ID
	var life uint32
	if done != nil {
		all = append([]storage.ID{done.Session.ID}, but(h.Sessions.Of(r), v.Session.ID)...)
		life, err = h.Store.Sessions.BrowserLife(r.Context(), all)
	}
	switch {
	case err != nil:
		h.front().Fail(w, r, err)
	case done == nil:
		h.front().Show(w, r, statusOf(form), form)
	default:
		// The account is in front from now on, with its session under the new id.
		h.Sessions.Keep(w, all, life)
		front.Notices{Cookies: h.Cookies}.PasswordChanged(w, done.Ended)
		front.See(w, front.PathSecurity)
	}
}

// but are the browser's sessions without one. The idle ones stay: what hangs on them is
// alive until they are signed out.
func but(all []storage.ID, one storage.ID) []storage.ID {
	return slices.DeleteFunc(all, func(id storage.ID) bool { return id == one })
}

func statusOf(form page.ChangePassword) int {
	if form.Problem != page.NoProblem {
		return front.StatusOf(form.Problem)
	}
	return http.StatusUnprocessableEntity
}

// change does what the form says. Nil: it notes on the form why not.
func (h *Handler) change(r *http.Request, v people.SignedIn, form *page.ChangePassword) (*people.PasswordChanged,
	error) {
	current, fresh := r.PostForm.Get(string(page.FieldCurrentPassword)), r.PostForm.Get(string(page.FieldNewPassword))
	if err := h.examine(r.Context(), &form.Errors, v.User, current, fresh); err != nil || current == "" {
		return nil, err
	}
	browser := h.Browsers.Browser(r)
	done, check, err := h.Operations.ChangePassword(r.Context(),
		v.User.Actor(storage.ViaPage, edge.RequestID(r.Context())),
		v.User, browser, current, fresh, h.passwordChange(r, v, browser, form.EndOthers))
	switch refused := new(keys.PasswordError); {
	case errors.Is(err, storage.ErrStale):
		form.Problem = page.Stale
		return nil, nil
	case len(form.Errors) > 0 && (errors.As(err, &refused) || errors.Is(err, usecase.ErrSamePassword)):
		return nil, nil // noted by examine
	}
	told, err := front.Tell(r.Context(), v.User)(check, err)
	switch {
	case err != nil:
		return nil, err
	case told.Problem == page.WrongPassword:
		form.Errors.Add(page.FieldCurrentPassword, page.CurrentPasswordWrong)
	case told.Problem != page.NoProblem:
		form.Problem, form.RetryAfter = told.Problem, told.Wait
	}
	return done, nil
}

// passwordChange is what is changed besides the password.
func (h *Handler) passwordChange(r *http.Request, v people.SignedIn, browser []byte,
	endOthers bool) people.PasswordChange {
	return people.PasswordChange{EndOthers: endOthers,
		Session: people.NewSession{User: v.User.ID, UserEpoch: v.User.Epoch, AMR: []string{"pwd"},
			ACR:       userclaims.ACRPassword(),
			UserAgent: r.UserAgent(), Address: edge.ClientAddr(r.Context()).String(), Browser: browser,
			Short: v.Session.Short, Replaces: v.Session.ID, RequestID: edge.RequestID(r.Context())}}
}

// examine notes what is wrong with the form as far as that can be told without the
// work of checking the current password, which follows if there is one: a person hears
// of both at once.
func (h *Handler) examine(ctx context.Context, errs *page.FieldErrors, u *people.User, current, fresh string) error {
	if current == "" {
		errs.Add(page.FieldCurrentPassword, page.CurrentPasswordMissing)
	}
	switch {
	case fresh == "":
		errs.Add(page.FieldNewPassword, page.NewPasswordMissing)
	case usecase.IsSamePassword(fresh, current):
		errs.Add(page.FieldNewPassword, page.NewPasswordSame)
	default:
		return h.passwords().Acceptable(ctx, errs, page.FieldNewPassword, fresh, usecase.NamesOf(u)...)
	}
	return nil
}
