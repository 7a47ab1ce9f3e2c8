package account

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
)

// appsMost is how many apps are listed.
const appsMost = 200

const pathRemove = front.PathApps + "/remove"

// apps lists what the account in front allows.
func (h *Handler) apps(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathApps)
	if live == nil {
		return
	}
	if err := h.Store.Sessions.Touch(r.Context(), live[0].Session); err != nil {
		h.front().Fail(w, r, err)
		return
	}
	connected, err := h.Store.Consents.OfUser(r.Context(), live[0].User.ID, appsMost)
	var catalogue *storage.Catalogue
	if err == nil {
		catalogue, err = h.Store.Scopes.Catalogue(r.Context())
	}
	if err != nil {
		h.front().Fail(w, r, err)
		return
	}
	p := page.Apps{Person: front.PersonOf(live[0].User), Notice: front.Notices{Cookies: h.Cookies}.Take(w, r)}
	if len(live) > 1 {
		p.SwitchURL = others(live, front.PathApps)
	}
	for _, c := range connected {
		p.Apps = append(p.Apps, page.ConnectedApp{App: *front.AppOf(c.Client), Since: c.Consent.Created, Scopes: allowed(c, catalogue.Offers),
			RemoveURL: pathRemove + "?" + url.Values{"app": {c.Client.ID}, "account": {live[0].User.Subject()}}.Encode()})
	}
	h.front().Show(w, r, http.StatusOK, p)
}

// allowed says what an app may do now: what its user allows and it is still offered.
func allowed(c storage.Connected, offers storage.Offers) (all []page.Scope) {
	for _, s := range offers {
		if slices.Contains(c.Consent.Scopes, s.Name) && c.Client.MayAsk(s.Scope) {
			all = append(all, page.Scope{Words: s.Words})
		}
	}
	for _, claim := range c.Consent.Claims {
		all = append(all, page.Scope{Claim: claim})
	}
	return all
}

// removeForm says what removing an app does.
func (h *Handler) removeForm(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathApps)
	if live == nil {
		return
	}
	q := r.URL.Query()
	v := named(live, q.Get("account"))
	if v == nil {
		front.See(w, others(live, front.PathApps))
		return
	}
	c, err := h.Store.Clients.Get(r.Context(), q.Get("app"))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		front.See(w, front.PathApps)
	case err != nil:
		h.front().Fail(w, r, err)
	default:
		h.front().Show(w, r, http.StatusOK, page.RemoveApp{Action: pathRemove, Back: front.PathApps, Person: front.PersonOf(v.User),
			Account: v.User.Subject(), App: *front.AppOf(c), ID: c.ID})
	}
}

// remove takes back what the account allows an app. One that is removed already is
// what was asked for.
func (h *Handler) remove(w http.ResponseWriter, r *http.Request) {
	live := h.accounts(w, r, front.PathApps)
	if live == nil {
		return
	}
	v := named(live, r.PostForm.Get("account"))
	if v == nil {
		front.See(w, others(live, front.PathApps))
		return
	}
	edge.Sub(r.Context(), v.User.Subject())
	by := v.User.Actor(storage.ViaPage, edge.RequestID(r.Context()))
	switch err := h.Store.Consents.Withdraw(r.Context(), by, v.User.ID, r.PostForm.Get("app")); {
	case err == nil:
		front.Notices{Cookies: h.Cookies}.AppRemoved(w)
		front.See(w, front.PathApps)
	case errors.Is(err, storage.ErrNotFound):
		front.See(w, front.PathApps)
	default:
		h.front().Fail(w, r, err)
	}
}
