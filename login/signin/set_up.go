package signin

import (
	"errors"
	"net/http"
	"strings"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/usecase"
)

// setUpForm shows the form that makes the first administrator. Opening the link
// uses nothing up.
func (h *Handler) setUpForm(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if h.setUpLink(w, r, token) != nil {
		h.show(w, r, http.StatusOK, page.SetUp{Action: pathSetUp, Token: token, MinLength: keys.MinPassword})
	}
}

// setUpLink opens a link that works now. If it does not it has answered, and returns nil.
func (h *Handler) setUpLink(w http.ResponseWriter, r *http.Request, token string) *usecase.SetUp {
	link, err := h.Operations.OpenSetUp(r.Context(), token)
	switch {
	case errors.Is(err, storage.ErrSetUp):
		h.show(w, r, http.StatusGone, page.SetUpUsed{})
	case errors.Is(err, storage.ErrLink):
		h.show(w, r, http.StatusNotFound, page.SetUpLink{Missing: token == ""})
	case err != nil:
		h.fail(w, r, err)
	}
	return link
}

func (h *Handler) setUp(w http.ResponseWriter, r *http.Request) {
	form := page.SetUp{Action: pathSetUp, Token: r.PostForm.Get("token"), MinLength: keys.MinPassword,
		Username: strings.TrimSpace(r.PostForm.Get("username")), Email: strings.TrimSpace(r.PostForm.Get("email"))}
	link := h.setUpLink(w, r, form.Token)
	if link == nil {
		return
	}
	user := people.User{Username: form.Username, Email: form.Email}
	password := r.PostForm.Get("password")
	// All that is wrong is said at once.
	refused, err := h.Store.Users.ValidateNew(r.Context(), form.Username, form.Email)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if form.Username == "" {
		form.Errors.Add(page.FieldUsername, page.UsernameMissing)
		refused = refused[1:] // the username comes first, and was refused for being empty
	}
	for _, fault := range refused {
		refusedField(&form.Errors, fault)
	}
	if err := h.passwords().Acceptable(r.Context(), &form.Errors, page.FieldPassword, password,
		usecase.NamesOf(&user)...); err != nil {
		h.fail(w, r, err)
		return
	}
	if len(form.Errors) > 0 {
		h.show(w, r, http.StatusUnprocessableEntity, form)
		return
	}
	made, err := h.Operations.SetUp(r.Context(), link, edge.RequestID(r.Context()), user, password)
	switch {
	case err == nil:
		h.welcome(w, r, made)
	case errors.Is(err, storage.ErrSetUp):
		h.show(w, r, http.StatusGone, page.SetUpUsed{})
	case errors.Is(err, storage.ErrLink):
		h.show(w, r, http.StatusNotFound, page.SetUpLink{})
	case errors.Is(err, keys.ErrBusy):
		h.show(w, r, http.StatusServiceUnavailable, page.Error{Fault: page.Overloaded, RetryAfter: front.BusyRetry})
	case refusedField(&form.Errors, err):
		h.show(w, r, http.StatusUnprocessableEntity, form)
	default:
		h.fail(w, r, err)
	}
}

// welcome signs the new administrator in: they have just chosen the password.
func (h *Handler) welcome(w http.ResponseWriter, r *http.Request, user *people.User) {
	out, err := h.start(r, user, h.Provider.NameBrowser(w, r), true)
	if err == nil && out.session != nil {
		err = h.remember(w, r, out)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.notices().SetUp(w, user.DisplayName())
	front.See(w, front.PathHome)
}
