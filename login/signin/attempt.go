package signin

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"latchkey/internal/edge"
	"latchkey/login/page"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/people"
)

// outcome of an attempt to sign in: a session, or a problem to show.
type outcome struct {
	session *people.Session
	others  []storage.ID // the browser's other sessions that have not ended
	problem page.SignInProblem
	wait    time.Duration // for Throttled
}

// word is how an attempt ended, for what is measured.
func (o outcome) word() string {
	switch {
	case o.session != nil:
		return "signed_in"
	case o.problem == page.Throttled:
		return "throttled"
	case o.problem == page.Busy:
		return "busy"
	case o.problem == page.Disabled:
		return "disabled"
	}
	return "wrong_password"
}

// attempt checks a username and password. What it answers does not tell whether
// there is such an account, and takes as long either way.
func (h *Handler) attempt(r *http.Request, name, password string, short bool) (outcome, error) {
	ctx, browser := r.Context(), h.Provider.Browser(r)
	user, err := h.Store.Users.ByLogin(ctx, name)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return outcome{}, err
	}
	checked, err := h.passwords().Check(ctx, name, user, browser, password)
	if err != nil || checked.Problem != page.NoProblem {
		return outcome{problem: checked.Problem, wait: checked.Wait}, err
	}
	if checked.Rehash != nil {
		if err := h.Store.Users.Rehash(ctx, user.ID, user.Password, checked.Rehash); err != nil {
			return outcome{}, err
		}
	}
	return h.start(r, user, browser, short)
}

// start begins a session. A short one ends with the browser's window.
func (h *Handler) start(r *http.Request, user *people.User, browser []byte, short bool) (outcome, error) {
	here, err := h.stored(r)
	if err != nil {
		return outcome{}, err
	}
	replaces, others := apart(here, user)
	v, err := h.Store.Sessions.Start(r.Context(), people.NewSession{User: user.ID, UserEpoch: user.Epoch,
		AMR: []string{"pwd"}, ACR: userclaims.ACRPassword(), UserAgent: r.UserAgent(), Browser: browser,
		Short: short, Replaces: replaces,
		Address: edge.ClientAddr(r.Context()).String(), RequestID: edge.RequestID(r.Context())})
	if errors.Is(err, storage.ErrStale) { // disabled, or the password changed, just now
		return outcome{problem: page.WrongPassword}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	edge.Sub(r.Context(), user.Subject())
	return outcome{session: v, others: others}, nil
}

// stored are the sessions that the browser carries. Some may be idle, no good for signing
// in, but what hangs on them is alive, and ends when they do. Some may have gone on under
// another id that the browser does not know: it was given to another tab a moment ago, or
// its answer was lost.
func (h *Handler) stored(r *http.Request) ([]*people.Session, error) {
	return h.Store.Sessions.Stored(r.Context(), h.Sessions.Of(r))
}

// apart tells the session that user has in this browser already, zero for none, from
// the others that have not ended. One from before a new password is not gone on from. One
// that has ended is, if the browser has no better: it may have gone on.
func apart(here []*people.Session, user *people.User) (own storage.ID, others []storage.ID) {
	var gone storage.ID
	for _, v := range here {
		mine, ended := v.User == user.ID && v.UserEpoch == user.Epoch, !v.Ended.IsZero()
		switch {
		case mine && ended:
			gone = v.ID
		case mine && own.IsZero():
			own = v.ID
		case !ended:
			others = append(others, v.ID)
		}
	}
	return cmp.Or(own, gone), others
}

// remember puts the new session first in the browser's cookie, and leaves out the
// ones that have ended. Those that have no place in it end: nobody could sign out of
// them here any more.
func (h *Handler) remember(w http.ResponseWriter, r *http.Request, out outcome) error {
	all := append([]storage.ID{out.session.ID}, out.others...)
	if len(all) > accountsMost {
		over, err := h.Store.Sessions.Stored(r.Context(), all[accountsMost:])
		if err == nil {
			err = h.endEach(r, over)
		}
		if err != nil {
			return err
		}
		all = all[:accountsMost]
	}
	life, err := h.Store.Sessions.BrowserLife(r.Context(), all)
	if err == nil {
		h.Sessions.Keep(w, all, life)
	}
	return err
}
