package signin

import (
	"net/http"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
	"latchkey/storage/people"
)

// appsMost is how many apps home shows.
const appsMost = 200

func (h *Handler) home(w http.ResponseWriter, r *http.Request) {
	live, err := h.Store.Sessions.Live(r.Context(), h.Sessions.Of(r))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if len(live) == 0 {
		ready, err := h.Store.Users.HasAdmin(r.Context())
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.show(w, r, http.StatusOK, page.Home{NeedsSetUp: !ready})
		return
	}
	h.signedInHome(w, r, live)
}

func (h *Handler) signedInHome(w http.ResponseWriter, r *http.Request, live []people.SignedIn) {
	v := live[0]
	if err := h.Store.Sessions.Touch(r.Context(), v.Session); err != nil {
		h.fail(w, r, err)
		return
	}
	apps, err := h.Store.Consents.OfUser(r.Context(), v.User.ID, appsMost)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	guessed, err := h.Store.Attempts.Guessed(r.Context(),
		v.User.Actor(storage.ViaPage, edge.RequestID(r.Context())), v.User.ID)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	person := front.PersonOf(v.User)
	p := page.Home{Person: &person, Guessed: guessed.Told != nil, Admin: v.User.IsAdmin(),
		Notice: h.notices().Take(w, r)}
	if len(live) > 1 {
		p.SwitchURL = front.PathChoose
	}
	for _, a := range apps {
		p.Apps = append(p.Apps, *front.AppOf(a.Client))
	}
	h.show(w, r, http.StatusOK, p)
}
