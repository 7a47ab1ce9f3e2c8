package account

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
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
	var s sights
	if err == nil {
		s, err = h.sights(r.Context(), live[0].User)
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
		p.Apps = append(p.Apps, page.ConnectedApp{App: *front.AppOf(c.Client), Since: c.Consent.Created,
			Scopes: s.allowed(c), Asks: !c.Client.SkipsConsent(),
			RemoveURL: pathRemove + "?" + url.Values{"app": {c.Client.ID},
				"account": {live[0].User.Subject()}}.Encode()})
	}
	h.front().Show(w, r, http.StatusOK, p)
}

// sights is what is known to say what apps see of a user.
type sights struct {
	user       *people.User
	groups     []string
	membership *people.Membership // nil: none
	offers     apps.Offers
}

func (h *Handler) sights(ctx context.Context, u *people.User) (sights, error) {
	s := sights{user: u}
	catalogue, err := h.Store.Scopes.Catalogue(ctx)
	if err != nil {
		return s, err
	}
	s.offers = catalogue.Offers
	if s.groups, err = h.Store.Groups.Names(ctx, u.Groups); err != nil {
		return s, err
	}
	switch m, err := h.Store.Memberships.Get(ctx, u.ID); {
	case err == nil:
		s.membership = &m
	case !errors.Is(err, storage.ErrNotFound):
		return s, err
	}
	return s, nil
}

// allowed says what an app may do now, what its user allows and it is still offered, and
// what it sees by that.
func (s sights) allowed(c grants.Connected) (all []page.Scope) {
	add := func(p page.Scope, claims ...string) {
		front.ShowValues(&p, userclaims.Values(claims, s.user, s.groups, s.membership))
		all = append(all, p)
	}
	for _, o := range s.offers {
		if slices.Contains(c.Consent.Scopes, o.Name) && c.Client.MayAsk(o.Scope) {
			add(page.Scope{Words: o.Words}, o.Claims...)
		}
	}
	for _, claim := range c.Consent.Claims {
		add(page.Scope{Claim: claim}, claim)
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
		h.front().Show(w, r, http.StatusOK,
			page.RemoveApp{Action: pathRemove, Back: front.PathApps, Person: front.PersonOf(v.User),
				Account: v.User.Subject(), App: *front.AppOf(c), ID: c.ID, Asks: !c.SkipsConsent()})
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
	c, err := h.Store.Clients.Get(r.Context(), r.PostForm.Get("app"))
	if err == nil {
		err = h.Store.Consents.Withdraw(r.Context(), by, v.User.ID, c.ID)
	}
	switch {
	case err == nil:
		front.Notices{Cookies: h.Cookies}.AppRemoved(w, !c.SkipsConsent())
		front.See(w, front.PathApps)
	case errors.Is(err, storage.ErrNotFound):
		front.See(w, front.PathApps)
	default:
		h.front().Fail(w, r, err)
	}
}
