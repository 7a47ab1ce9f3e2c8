package oauth

import (
	"maps"
	"net/http"
)

// NoStore marks answers that hold tokens or what they open (RFC 6749 section 5.1).
func NoStore(w http.ResponseWriter) { maps.Copy(w.Header(), unstored) }

// unstored is shared by all answers: who needs another value uses Set.
var unstored = http.Header{"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}
