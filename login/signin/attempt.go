package signin

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"latchkey/internal/edge"
	"latchkey/login/page"
	"latchkey/op"
	"latchkey/storage"
)

// outcome of an attempt to sign in: a session, or a problem to show.
type outcome struct {
	session *storage.Session
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
	}
	return "wrong_password"
}

// attempt checks a username and password. What it answers does not tell whether
// there is such an account, and takes as long either way.
func (h *Handler) attempt(r *http.Request, name, password string) (outcome, error) {
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
	return h.start(r, user, browser)
}

func (h *Handler) start(r *http.Request, user *storage.User, browser []byte) (outcome, error) {
	here, err := h.unended(r)
	if err != nil {
		return outcome{}, err
	}
	replaces, others := apart(here, user)
	v, err := h.Store.Sessions.Start(r.Context(), storage.NewSession{User: user.ID, UserEpoch: user.Epoch,
		AMR: []string{"pwd"}, ACR: op.ACRPassword(), UserAgent: r.UserAgent(), Browser: browser, Replaces: replaces,
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

// unended are the browser's sessions that have not ended. Some may be idle: no good for
// signing in, but what hangs on them is alive, and ends when they do.
func (h *Handler) unended(r *http.Request) ([]*storage.Session, error) {
	stored, err := h.Store.Sessions.Stored(r.Context(), h.Sessions.Of(r))
	return slices.DeleteFunc(stored, func(v *storage.Session) bool { return !v.Ended.IsZero() }), err
}

// apart tells the session that user has in this browser already, zero for none, from
// the others. One from before a new password is not gone on from.
func apart(here []*storage.Session, user *storage.User) (own storage.ID, others []storage.ID) {
	for _, v := range here {
		if own.IsZero() && v.User == user.ID && v.UserEpoch == user.Epoch {
			own = v.ID
		} else {
			others = append(others, v.ID)
		}
	}
	return own, others
}

// remember puts the new session first in the browser's cookie, and leaves out the
// ones that have ended. Those that have no place in it end: nobody could sign out of
// them here any more.
func (h *Handler) remember(w http.ResponseWriter, r *http.Request, out outcome) error {
	set, err := h.Store.Settings.Get(r.Context())
	if err != nil {
		return err
	}
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
	h.Sessions.Keep(w, all, set.Lifetimes.SessionAbsolute)
	return nil
}
