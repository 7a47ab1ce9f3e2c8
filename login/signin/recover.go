package signin

import (
	"errors"
	"net/http"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/usecase"
)

// recoverForm shows the form for a new password. Opening the link uses nothing up:
// mail scanners and messengers open links before people do.
func (h *Handler) recoverForm(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if link := h.recovering(w, r, token); link != nil {
		h.show(w, r, http.StatusOK, recoverPage(link.User, token))
	}
}

func recoverPage(user *people.User, token string) page.Recover {
	return page.Recover{Action: pathRecover, Token: token, Person: front.PersonOf(user), MinLength: keys.MinPassword}
}

// recovering opens a link that works now. If it does not it has answered, and returns nil.
func (h *Handler) recovering(w http.ResponseWriter, r *http.Request, token string) *usecase.Recovery {
	link, err := h.Operations.OpenRecovery(r.Context(), token)
	switch {
	case errors.Is(err, storage.ErrLink):
		h.show(w, r, http.StatusNotFound, page.RecoverLink{})
	case err != nil:
		h.fail(w, r, err)
	}
	return link
}

func (h *Handler) recover(w http.ResponseWriter, r *http.Request) {
	token, password := r.PostForm.Get("token"), r.PostForm.Get("password")
	link := h.recovering(w, r, token)
	if link == nil {
		return
	}
	form := recoverPage(link.User, token)
	if password == "" {
		form.Errors.Add(page.FieldPassword, page.PasswordMissing)
		h.show(w, r, http.StatusUnprocessableEntity, form)
		return
	}
	browser := func() []byte { return h.Provider.NameBrowser(w, r) }
	err := h.Operations.Recover(r.Context(), link, edge.RequestID(r.Context()), password, browser)
	switch {
	case err == nil:
		h.notices().PasswordSet(w, link.User.Username)
		front.See(w, front.PathSignIn)
	case front.Refused(&form.Errors, page.FieldPassword, err):
		h.show(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, keys.ErrBusy):
		h.show(w, r, http.StatusServiceUnavailable, page.Error{Fault: page.Overloaded, RetryAfter: front.BusyRetry})
	case errors.Is(err, storage.ErrLink):
		h.show(w, r, http.StatusNotFound, page.RecoverLink{})
	default:
		h.fail(w, r, err)
	}
}
