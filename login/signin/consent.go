package signin

import (
	"net/http"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/authorize"
)

// consentForm asks whether the app may have what it asks for.
func (h *Handler) consentForm(w http.ResponseWriter, r *http.Request) {
	f, end := h.Provider.Flow(r)
	if end != nil {
		end.Write(w, r)
		return
	}
	view := f.Consent()
	if view == nil {
		f.Resume(w)
		return
	}
	edge.Sub(r.Context(), view.User.Subject())
	h.show(w, r, http.StatusOK, consentPage(f, view, f.Outdated(view)))
}

func consentPage(f *authorize.Flow, view *authorize.ConsentView, changed bool) page.Consent {
	form := page.Consent{Action: f.Path() + authorize.PathConsent, App: *front.AppOf(view.Client),
		Person: front.PersonOf(view.User), SwitchURL: f.Path() + authorize.PathAccount,
		RedirectURI: view.RedirectURI, AccountURL: front.PathApps, Shown: view.DigestText(), Changed: changed}
	if view.Client.FirstParty {
		form.Review = page.FirstParty
	}
	if len(f.Accounts()) == 1 {
		form.SwitchURL = f.Path() + authorize.PathSignIn
	}
	for _, ask := range view.Asks {
		form.Scopes = append(form.Scopes, scopeOf(ask, view.Known))
	}
	return form
}

func scopeOf(ask authorize.Ask, known bool) page.Scope {
	s := page.Scope{Name: ask.Scope, Words: ask.Words, Claim: ask.Claim, Optional: ask.Optional, Ticked: ask.Granted,
		Granted: ask.Granted, New: known && !ask.Granted && !ask.Declined}
	front.ShowValues(&s, ask.Values)
	return s
}

// consent takes the answer. If what was shown is no longer what there is to decide,
// it is shown again, and says so.
func (h *Handler) consent(w http.ResponseWriter, r *http.Request) {
	f, end := h.Provider.Flow(r)
	if end != nil {
		end.Write(w, r)
		return
	}
	if view := f.Consent(); view != nil {
		edge.Sub(r.Context(), view.User.Subject())
	}
	switch r.PostForm.Get("action") {
	case "deny":
		f.Deny(w, r)
	case "allow":
		if f.Allow(w, r, r.PostForm.Get("shown"), r.PostForm["scope"]) {
			return
		}
		if view := f.Consent(); view != nil {
			h.show(w, r, http.StatusConflict, consentPage(f, view, true))
			return
		}
		f.Resume(w)
	default:
		h.show(w, r, http.StatusBadRequest, page.Error{Fault: page.BadRequest, App: front.AppOf(f.Client())})
	}
}
