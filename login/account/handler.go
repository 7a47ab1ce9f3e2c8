package account

import (
	"net/http"

	"github.com/gorilla/mux"

	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/frontchannel"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/usecase"
)

// Sessions are those that a browser carries.
type Sessions interface {
	// Of returns them, the account in front first. They need not be alive.
	Of(r *http.Request) []storage.ID
	// Keep writes them into the browser for life seconds; 0: until it is closed.
	Keep(w http.ResponseWriter, ids []storage.ID, life uint32)
}

// Browsers names browsers for the throttle: nil for one that has no name yet.
type Browsers interface{ Browser(r *http.Request) []byte }

// Handler serves the pages. All fields are required.
type Handler struct {
	Store      *store.Store
	Operations *usecase.Operations
	Sessions   Sessions
	Browsers   Browsers
	Renderer   *page.Renderer
	Cookies    frontchannel.Cookies
}

// pathWellKnown is where password managers look for the page to change a password (A
// Well-Known URL for Changing Passwords, section 3).
const pathWellKnown = "/.well-known/change-password"

// Routes puts the pages on r.
func (h *Handler) Routes(r *mux.Router) {
	both := h.front().Forms(r)
	both(front.PathPassword, h.passwordForm, h.password)
	both(pathRemove, h.removeForm, h.remove)
	both(front.PathAccount, h.overview, h.putGuessingAside)
	r.HandleFunc(front.PathSecurity, h.security).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc(front.PathApps, h.apps).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc(pathWellKnown, func(w http.ResponseWriter, _ *http.Request) {
		front.See(w, front.PathPassword)
	}).Methods(http.MethodGet, http.MethodHead)
}

func (h *Handler) front() front.Front { return front.Front{Renderer: h.Renderer} }

func (h *Handler) passwords() front.Passwords {
	return front.Passwords{Operations: h.Operations}
}

// accounts are those signed in on this browser, the one in front first. If there is
// none it has answered, by leading to sign in and back to the path, and returns nil.
func (h *Handler) accounts(w http.ResponseWriter, r *http.Request, path string) []people.SignedIn {
	live, err := h.Store.Sessions.Live(r.Context(), h.Sessions.Of(r))
	switch {
	case err != nil:
		h.front().Fail(w, r, err)
		return nil
	case len(live) == 0:
		front.See(w, front.Back(front.PathSignIn, path))
	}
	return live
}

// named is the one that a form was shown for; nil: it is not signed in here any more.
func named(live []people.SignedIn, subject string) *people.SignedIn {
	for i := range live {
		if live[i].User.Subject() == subject {
			return &live[i]
		}
	}
	return nil
}

// others is where a page leads whoever wants another account: to choose one, or to
// sign in.
func others(live []people.SignedIn, back string) string {
	if len(live) > 1 {
		return front.Back(front.PathChoose, back)
	}
	return front.Back(front.PathSignIn, back)
}
