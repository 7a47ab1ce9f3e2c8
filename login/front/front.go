package front

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"latchkey/internal/edge"
	"latchkey/login/page"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

// Front shows pages and takes forms.
type Front struct{ Renderer *page.Renderer }

// formMost bounds a form's body in bytes.
const formMost = 16 << 10

// Forms puts pages with forms on r, each by its path, to be shown by GET and sent by
// POST. A form from another origin is refused: it would be somebody else acting as the
// person who is signed in.
func (f Front) Forms(r *mux.Router) func(path string, get, post http.HandlerFunc) {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.Show(w, r, http.StatusForbidden, page.Error{Fault: page.CrossOrigin})
	}))
	return func(path string, get, post http.HandlerFunc) {
		r.Handle(path, get).Methods(http.MethodGet, http.MethodHead)
		r.Handle(path, guard.Handler(f.parsed(post))).Methods(http.MethodPost)
	}
}

// parsed reads the form before the handler, within bounds.
func (f Front) parsed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formMost)
		var large *http.MaxBytesError
		switch err := r.ParseForm(); {
		case errors.As(err, &large):
			f.Show(w, r, http.StatusRequestEntityTooLarge, page.Error{Fault: page.TooLarge})
			return
		case err != nil || !edge.ValidUTF8(r.PostForm): // as JSON, it would be repaired on its way
			f.Show(w, r, http.StatusBadRequest, page.Error{Fault: page.BadRequest})
			return
		}
		next(w, r)
	}
}

// Show renders a page. A page that cannot be rendered is our fault and says so in
// plain text; the log has the reason.
func (f Front) Show(w http.ResponseWriter, r *http.Request, status int, p page.Page) {
	if err := f.Renderer.Render(w, r, status, p); err != nil {
		edge.Fail(r.Context(), "server_error", err)
		http.Error(w, "Something went wrong here. Request id: "+edge.RequestID(r.Context()),
			http.StatusInternalServerError)
	}
}

// Fail answers a fault of ours.
func (f Front) Fail(w http.ResponseWriter, r *http.Request, err error) {
	edge.Fail(r.Context(), "server_error", err)
	fault := page.Internal
	if storage.Stopped(err) {
		fault = page.OutOfOrder
	}
	f.Show(w, r, fault.Status(), page.Error{Fault: fault})
}

// See sends the browser on by GET after a POST, so that a reload repeats nothing.
func See(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

// AppOf is a client as pages show it.
func AppOf(c *apps.Client) *page.App {
	return &page.App{Name: c.Name(), HomeURL: c.Metadata.ClientURI, PolicyURL: c.Metadata.PolicyURI,
		TermsURL: c.Metadata.TosURI}
}

// PersonOf is a user as pages show them.
func PersonOf(u *people.User) page.Person {
	return page.Person{Name: u.Profile.Name, Username: u.Username}
}

// ShowValues puts what an app sees of a person on the page's scope.
func ShowValues(s *page.Scope, values []userclaims.Value) {
	for _, v := range values {
		if v.Claim == apps.ClaimGroups {
			s.Groups = append(s.Groups, v.Text)
		} else {
			s.Values = append(s.Values, page.Value(v))
		}
	}
}
