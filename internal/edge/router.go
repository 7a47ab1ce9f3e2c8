package edge

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gorilla/mux"
)

// Router returns a router whose 404 and 405 answers go through the edge and
// whose routes name themselves in the log. Wrap it with [Edge.Handler] when
// its routes are in place.
func (e *Edge) Router() *mux.Router {
	router := mux.NewRouter().SkipClean(true) // the edge does it, by a status that keeps the method
	router.Use(named)
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.fail(w, r, Problem{Status: http.StatusNotFound, Message: "There is no page at this address."})
	})
	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// RFC 9110 section 15.5.6: a 405 must carry Allow.
		w.Header().Set("Allow", strings.Join(allowed(router, r), ", "))
		e.fail(w, r, Problem{Status: http.StatusMethodNotAllowed,
			Message: "This address does not answer that kind of request."})
	})
	return router
}

// named puts the matched route's template into the record.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route := mux.CurrentRoute(r); route != nil {
			if template, err := route.GetPathTemplate(); err == nil {
				x := of(r.Context())
				x.set(func() { x.route = template })
			}
		}
		next.ServeHTTP(w, r)
	})
}

// cleaned is the address of a request without empty and dot segments, which apps make of
// an issuer with a slash at its end; "" if it has none.
func cleaned(u *url.URL) string {
	sent := u.EscapedPath()
	clean := path.Clean("/" + sent)
	if strings.HasSuffix(sent, "/") && clean != "/" {
		clean += "/"
	}
	if clean == sent {
		return ""
	}
	if u.RawQuery != "" {
		clean += "?" + u.RawQuery
	}
	return clean
}

func allowed(router *mux.Router, r *http.Request) []string {
	var methods []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		probe := *r
		probe.Method = m
		var match mux.RouteMatch
		if router.Match(&probe, &match) && match.MatchErr == nil && match.Route != nil {
			methods = append(methods, m)
		}
	}
	return methods
}
