package signin

import (
	"net/http"

	"github.com/gorilla/mux"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/login/page"
	"latchkey/op"
	"latchkey/storage"
)

// Handler serves the pages. All fields are required.
type Handler struct {
	Provider *op.Provider
	Store    *storage.Store
	Hasher   *keys.Hasher
	Sessions Sessions
	Renderer *page.Renderer
}

// formMost bounds a form's body in bytes.
const formMost = 16 << 10

// The pages' paths outside a flow.
const (
	pathHome    = "/"
	pathSignIn  = "/sign-in"
	pathSetUp   = "/setup"
	pathRecover = "/recover"
)

// Routes puts the pages on r. A form from another origin is refused: it would be
// somebody else acting as the person who is signed in.
func (h *Handler) Routes(r *mux.Router) {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.show(w, r, http.StatusForbidden, page.Error{Fault: page.CrossOrigin})
	}))
	both := func(path string, get, post http.HandlerFunc) {
		r.Handle(path, get).Methods(http.MethodGet)
		r.Handle(path, guard.Handler(h.parsed(post))).Methods(http.MethodPost)
	}
	flow := op.PathFlow + "/{flow}"
	both(flow+op.PathSignIn, h.flowSignInForm, h.flowSignIn)
	both(flow+op.PathAccount, h.accountForm, h.account)
	both(flow+op.PathConsent, h.consentForm, h.consent)
	both(pathSignIn, h.signInForm, h.signIn)
	both(op.PathSignOut, h.signOutForm, h.signOut)
	both(pathSetUp, h.setUpForm, h.setUp)
	both(pathRecover, h.recoverForm, h.recover)
	r.HandleFunc(pathHome, h.home).Methods(http.MethodGet)
	assets := h.Renderer.Assets()
	r.PathPrefix("/assets/").Handler(assets)
	r.Handle("/favicon.ico", assets)
	r.Handle("/robots.txt", assets)
}

// parsed reads the form before the handler, within bounds.
func (h *Handler) parsed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formMost)
		if err := r.ParseForm(); err != nil {
			h.show(w, r, http.StatusBadRequest, page.Error{Fault: page.BadRequest})
			return
		}
		next(w, r)
	}
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, p page.Page) {
	show(h.Renderer, w, r, status, p)
}

// fail answers a fault of ours.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	edge.Fail(r.Context(), "server_error", err)
	h.show(w, r, http.StatusInternalServerError, page.Error{Fault: page.Internal})
}

// see sends the browser on by GET after a POST, so that a reload repeats nothing.
func see(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

func appOf(c *storage.Client) *page.App {
	return &page.App{Name: c.Name(), HomeURL: c.Metadata.ClientURI, PolicyURL: c.Metadata.PolicyURI, TermsURL: c.Metadata.TosURI}
}

func personOf(u *storage.User) page.Person {
	return page.Person{Name: u.Profile.Name, Username: u.Username}
}
