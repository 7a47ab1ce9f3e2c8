package op

import (
	"maps"
	"net/http"

	"github.com/rs/cors"
)

// public lets scripts of any origin read the answers of endpoints that take no
// cookies. Credentials are never allowed, so nothing of a signed-in browser leaks, and
// any header may be sent: libraries add traceparent, X-Requested-With and the like, and
// what a script may say here anybody may say without a browser.
func public(h http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"WWW-Authenticate", "Retry-After", "X-Request-Id"},
		MaxAge:         600,
	}).Handler(h)
}

// noStore marks answers that hold tokens or what they open (RFC 6749 section 5.1).
func noStore(w http.ResponseWriter) { maps.Copy(w.Header(), unstored) }

// unstored is shared by all answers: who needs another value uses Set.
var unstored = http.Header{"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}
