package edge

import (
	"maps"
	"net/http"
	"slices"
)

// setBaseHeaders sets what every answer carries. Handlers that need another
// value use Set: the values are shared.
func (e *Edge) setBaseHeaders(h http.Header, requestID string) {
	h.Set(requestIDHeader, requestID)
	maps.Copy(h, e.base)
}

func baseHeader(secure bool) http.Header {
	h := http.Header{}
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: with it browsers send "Origin: null" on same-origin
	// POSTs, which cross-origin protection has to refuse.
	h.Set("Referrer-Policy", "same-origin")
	// What is not a page has nothing to load and nobody to be framed by;
	// pages set their own policy.
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if secure {
		// RFC 6797 section 7.1. Subdomains are the operator's to decide.
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return h
}

func (e *Edge) resetHeader(w http.ResponseWriter, r *http.Request) {
	clear(w.Header())
	e.setBaseHeaders(w.Header(), RequestID(r.Context()))
}

// insecure reports whether the request must be refused because it, or the
// answer, crossed the network in the clear (RFC 6749 section 1.6).
func (e *Edge) insecure(r *http.Request) bool {
	return e.opts.Secure && Scheme(r.Context()) != "https" && !slices.Contains(e.opts.Plain, r.URL.Path)
}

var insecureProblem = Problem{
	Status: http.StatusBadRequest,
	Message: "This address is served over https only. Operator: if a reverse proxy stands in front, " +
		"list its address in trusted_proxies and let it set the forwarding headers, the protocol included.",
}
