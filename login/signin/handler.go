package signin

import (
	"net/http"

	"github.com/gorilla/mux"

	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op"
	"latchkey/op/authorize"
	"latchkey/op/signout"
	"latchkey/storage/store"
	"latchkey/usecase"
)

// Handler serves the pages. All fields are required.
type Handler struct {
	Provider   *op.Provider
	Store      *store.Store
	Operations *usecase.Operations
	Sessions   Sessions
	Renderer   *page.Renderer
}

// The pages' paths outside a flow.
const (
	pathSetUp   = usecase.PathSetUp
	pathRecover = usecase.PathRecover
)

// Routes puts the pages on r.
func (h *Handler) Routes(r *mux.Router) {
	both := h.front().Forms(r)
	flow := authorize.PathFlow + "/{flow}"
	both(flow+authorize.PathSignIn, h.flowSignInForm, h.flowSignIn)
	both(flow+authorize.PathAccount, h.accountForm, h.account)
	r.HandleFunc(flow+authorize.PathAccount+pathSignOutOf, h.signOutOfForm).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc(front.PathChoose+pathSignOutOf, h.chooseSignOutForm).Methods(http.MethodGet, http.MethodHead)
	both(flow+authorize.PathConsent, h.consentForm, h.consent)
	both(front.PathSignIn, h.signInForm, h.signIn)
	both(front.PathChoose, h.chooseForm, h.choose)
	both(signout.PathSignOut, h.signOutForm, h.signOut)
	both(pathSetUp, h.setUpForm, h.setUp)
	both(pathRecover, h.recoverForm, h.recover)
	r.HandleFunc(front.PathHome, h.home).Methods(http.MethodGet, http.MethodHead)
	assets := h.Renderer.Assets()
	r.PathPrefix("/assets/").Handler(assets)
	r.Handle("/favicon.ico", assets)
	r.Handle("/robots.txt", assets)
}

func (h *Handler) front() front.Front { return front.Front{Renderer: h.Renderer} }

func (h *Handler) notices() front.Notices { return front.Notices{Cookies: h.Sessions.Cookies} }

func (h *Handler) passwords() front.Passwords {
	return front.Passwords{Operations: h.Operations}
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, p page.Page) {
	h.front().Show(w, r, status, p)
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) { h.front().Fail(w, r, err) }
