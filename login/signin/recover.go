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
)

// recoverForm shows the form for a new password. Opening the link uses nothing up:
// mail scanners and messengers open links before people do.
func (h *Handler) recoverForm(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if user, _ := h.recovering(w, r, token); user != nil {
		h.show(w, r, http.StatusOK, recoverPage(user, token))
	}
}

func recoverPage(user *people.User, token string) page.Recover {
	return page.Recover{Action: pathRecover, Token: token, Person: front.PersonOf(user), MinLength: keys.MinPassword}
}

// recovering returns the user whom a live link is for. If there is none it has
// answered, and returns nil.
func (h *Handler) recovering(w http.ResponseWriter, r *http.Request, token string) (*people.User, []byte) {
	hash, err := keys.HashOneTime(token)
	var link *people.Link
	if err == nil {
		link, err = h.Store.Links.Look(r.Context(), hash, people.LinkRecovery)
	}
	var user *people.User
	if err == nil {
		user, err = h.Store.Users.Get(r.Context(), link.User)
	}
	if err == nil && !user.Disabled && user.Epoch == link.Epoch {
		return user, hash
	}
	if err != nil && !isLinkFault(err) {
		h.fail(w, r, err)
		return nil, nil
	}
	h.show(w, r, http.StatusNotFound, page.RecoverLink{})
	return nil, nil
}

func isLinkFault(err error) bool {
	return errors.Is(err, storage.ErrLink) || errors.Is(err, keys.ErrToken) || errors.Is(err, storage.ErrNotFound)
}

func (h *Handler) recover(w http.ResponseWriter, r *http.Request) {
	token, password := r.PostForm.Get("token"), r.PostForm.Get("password")
	user, hash := h.recovering(w, r, token)
	if user == nil {
		return
	}
	form := recoverPage(user, token)
	err := h.passwords().Acceptable(r.Context(), &form.Errors, page.FieldPassword, password, front.NamesOf(user)...)
	if err == nil && len(form.Errors) > 0 {
		h.show(w, r, http.StatusUnprocessableEntity, form)
		return
	}
	var sealed []byte
	if err == nil {
		sealed, err = h.Hasher.Hash(r.Context(), user.ID[:], password)
	}
	if err == nil {
		_, err = h.Store.Links.Recover(r.Context(), hash, edge.RequestID(r.Context()), sealed, h.Provider.NameBrowser(w, r))
	}
	switch {
	case err == nil:
		h.notices().PasswordSet(w, user.Username)
		front.See(w, front.PathSignIn)
	case errors.Is(err, keys.ErrBusy):
		h.show(w, r, http.StatusServiceUnavailable, page.Error{Fault: page.Overloaded, RetryAfter: front.BusyRetry})
	case isLinkFault(err):
		h.show(w, r, http.StatusNotFound, page.RecoverLink{})
	default:
		h.fail(w, r, err)
	}
}
