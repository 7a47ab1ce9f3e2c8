package server

import (
	"io"
	"net/http"
	"time"

	"latchkey/cmd/latchkey/internal/config"

	"github.com/gorilla/mux"
)

const pathSecurityTxt = "/.well-known/security.txt"

// securityLife is what Expires lies ahead. RFC 9116 section 2.5.5 wants less than
// a year; the text is made when it is asked for, so that it never is out of date
// while the server runs.
const securityLife = 90 * 24 * time.Hour

// securityRoute serves how to report a vulnerability (RFC 9116), if the operator
// has said where to.
func (h *Server) securityRoute(router *mux.Router) {
	if h.Config.SecurityContact == "" {
		return
	}
	router.HandleFunc(pathSecurityTxt, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = io.WriteString(w, securityTxt(h.Config, time.Now())) // whoever asked may have gone
	}).Methods(http.MethodGet, http.MethodHead)
}

// securityTxt expires at a midnight, so that it is the same for a day.
func securityTxt(c *config.Config, now time.Time) string {
	expires := now.UTC().Truncate(24 * time.Hour).Add(securityLife)
	text := "Contact: " + config.ContactURI(c.SecurityContact) + "\nExpires: " + expires.Format(time.RFC3339) + "\n"
	if c.Secure() { // section 2.5.2: a web address there must be https
		text += "Canonical: " + c.Issuer + pathSecurityTxt + "\n"
	}
	return text
}
