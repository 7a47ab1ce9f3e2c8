package account

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"golang.org/x/text/unicode/norm"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op"
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
func (h *Handler) change(r *http.Request, v people.SignedIn, form *page.ChangePassword) (*people.PasswordChanged, error) {
	current, fresh := r.PostForm.Get(string(page.FieldCurrentPassword)), r.PostForm.Get(string(page.FieldNewPassword))
	if err := h.examine(r.Context(), &form.Errors, v.User, current, fresh); err != nil || current == "" {
		return nil, err
	}
	// One place for both hashes: who has proven the old password is not sent away.
	turn, err := h.Operations.Hasher.Reserve(r.Context(), true) // somebody signed in here
	if err != nil {                                             // keys.ErrBusy
		form.Problem, form.RetryAfter = page.Busy, front.BusyRetry
		return nil, nil
	}
	defer turn.Release()
	if right, err := h.check(r, turn, v.User, form, current); err != nil || !right {
		return nil, err
	}
	if len(form.Errors) > 0 { // of the new password; nobody guessed
		return nil, h.Store.Attempts.Succeeded(r.Context(), v.User.ID, h.Browsers.Browser(r))
	}
	sealed, err := turn.Hash(r.Context(), v.User.ID[:], fresh)
	var done *people.PasswordChanged
	if err == nil {
		done, err = h.save(r, v, sealed, form.EndOthers)
	}
	if errors.Is(err, storage.ErrStale) {
		form.Problem = page.Stale
		return nil, nil
	}
	return done, err
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
	case norm.NFC.String(fresh) == norm.NFC.String(current):
		errs.Add(page.FieldNewPassword, page.NewPasswordSame)
	default:
		return h.passwords().Acceptable(ctx, errs, page.FieldNewPassword, fresh, usecase.NamesOf(u)...)
	}
	return nil
}

// check asks for the current password, by the same throttle as a sign-in: whoever
// finds a browser unlocked must not guess here what they may not guess there.
func (h *Handler) check(r *http.Request, turn keys.Turn, u *people.User, form *page.ChangePassword, current string) (right bool, err error) {
	out, err := h.passwords().CheckIn(r.Context(), turn, u.Username, u, h.Browsers.Browser(r), current)
	switch {
	case err != nil || out.Problem == page.NoProblem:
		return err == nil, err
	case out.Problem == page.WrongPassword:
		// Errors come in the order of the inputs.
		form.Errors = slices.Insert(form.Errors, 0, page.FieldError{Field: page.FieldCurrentPassword, Text: page.Say(page.CurrentPasswordWrong)})
	default:
		form.Problem, form.RetryAfter = out.Problem, out.Wait
	}
	return false, nil
}

func (h *Handler) save(r *http.Request, v people.SignedIn, sealed []byte, endOthers bool) (*people.PasswordChanged, error) {
	id := edge.RequestID(r.Context())
	return h.Store.Users.ChangePassword(r.Context(), v.User.Actor(storage.ViaPage, id), people.PasswordChange{
		Old: v.User.Password, New: sealed, EndOthers: endOthers,
		Session: people.NewSession{User: v.User.ID, UserEpoch: v.User.Epoch, AMR: []string{"pwd"}, ACR: op.ACRPassword(),
			UserAgent: r.UserAgent(), Address: edge.ClientAddr(r.Context()).String(), Browser: h.Browsers.Browser(r),
			Short: v.Session.Short, Replaces: v.Session.ID, RequestID: id}})
}
