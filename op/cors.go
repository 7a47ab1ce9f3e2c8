package op

import (
	"net/http"

	"latchkey/storage/apps"

	"github.com/rs/cors"
)

// corsOptions let scripts read the answers of endpoints that take no cookies. Any header
// may be sent: libraries add traceparent, X-Requested-With and the like, and what a script
// may say here anybody may say without a browser.
func corsOptions() cors.Options {
	return cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"WWW-Authenticate", "Retry-After", "X-Request-Id"},
		MaxAge:         600,
	}
}

// public lets scripts of any origin read the answers, without credentials.
func public(h http.Handler) http.Handler { return cors.New(corsOptions()).Handler(h) }

// scriptAccess knows which origins are registered.
type scriptAccess struct{ clients apps.Clients }

// allow is public, and lets scripts of registered origins send credentials: many
// libraries always do. The browser then wants its own origin named, and no * anywhere
// (Fetch Standard, CORS protocol and credentials). No cookie is read, so nothing of a
// signed-in browser leaks. A preflight knows no client: any client's origin will do.
func (s *scriptAccess) allow(h http.Handler) http.Handler {
	o := corsOptions()
	o.AllowOriginFunc = func(string) bool { return true } // registered decides
	o.AllowCredentials = true
	others, own := public(h), cors.New(o).Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.fromRegistered(r) {
			own.ServeHTTP(w, r)
		} else {
			others.ServeHTTP(w, r)
		}
	})
}

// fromRegistered reports whether a script of a registered origin sends the request. If
// the store cannot tell, it is none: what the endpoint does says that the store fails.
func (s *scriptAccess) fromRegistered(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) != 1 {
		return false
	}
	known, err := s.clients.HasOrigin(r.Context(), origins[0])
	return err == nil && known
}
