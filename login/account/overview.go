package account

import (
	"net/http"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
)

// overview is the first page about the account in front.
func (h *Handler) overview(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathAccount)
	if live == nil {
		return
	}
	v := live[0]
	err := h.Store.Sessions.Touch(r.Context(), v.Session)
	if err != nil {
		h.front().Fail(w, r, err)
		return
	}
	apps, err := h.Store.Consents.OfUser(r.Context(), v.User.ID, appsMost)
	if err != nil {
		h.front().Fail(w, r, err)
		return
	}
	guessed, err := h.Store.Attempts.Guessed(r.Context(),
		v.User.Actor(storage.ViaPage, edge.RequestID(r.Context())), v.User.ID)
	if err != nil {
		h.front().Fail(w, r, err)
		return
	}
	p := page.Overview{Person: front.PersonOf(v.User), Email: v.User.Email, Apps: len(apps),
		SignedIn: v.Session.AuthTime}
	if t := guessed.Told; t != nil {
		p.Guessed = &page.Guessed{Account: v.User.Subject(), Failures: int(t.Failures), First: t.Start, Last: t.Last}
	}
	if len(live) > 1 {
		p.SwitchURL = others(live, front.PathAccount)
	}
	h.front().Show(w, r, http.StatusOK, p)
}

// putGuessingAside notes that the person has read of the guessing at their password.
func (h *Handler) putGuessingAside(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathAccount)
	if live == nil {
		return
	}
	v := named(live, r.PostForm.Get("account"))
	if v == nil {
		front.See(w, others(live, front.PathAccount))
		return
	}
	edge.Sub(r.Context(), v.User.Subject())
	if err := h.Store.Attempts.PutAside(r.Context(),
		v.User.Actor(storage.ViaPage, edge.RequestID(r.Context()))); err != nil {
		h.front().Fail(w, r, err)
		return
	}
	front.See(w, front.PathAccount)
}

// security says how the account in front signs in.
func (h *Handler) security(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathSecurity)
	if live == nil {
		return
	}
	v := live[0]
	err := h.Store.Sessions.Touch(r.Context(), v.Session)
	if err != nil {
		h.front().Fail(w, r, err)
		return
	}
	set, err := h.Store.Settings.Get(r.Context())
	if err != nil {
		h.front().Fail(w, r, err)
		return
	}
	p := page.Security{Person: front.PersonOf(v.User), SignedIn: v.Session.AuthTime, Kept: !v.Session.Short,
		Ends:   v.Session.Created.Add(v.Session.Life(set.Lifetimes)),
		Notice: front.Notices{Cookies: h.Cookies}.Take(w, r)}
	if len(v.User.Password) > 0 {
		p.PasswordURL = front.PathPassword
	}
	if len(live) > 1 {
		p.SwitchURL = others(live, front.PathSecurity)
	}
	h.front().Show(w, r, http.StatusOK, p)
}
