package main

import (
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

const pathSecurityTxt = "/.well-known/security.txt"

// securityLife is what Expires lies ahead. RFC 9116 section 2.5.5 wants less than
// a year; the text is made when it is asked for, so that it never is out of date
// while the server runs.
const securityLife = 90 * 24 * time.Hour

// securityRoute serves how to report a vulnerability (RFC 9116), if the operator
// has said where to.
func (h *house) securityRoute(router *mux.Router) {
	if h.config.SecurityContact == "" {
		return
	}
	router.HandleFunc(pathSecurityTxt, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = io.WriteString(w, securityTxt(h.config, time.Now())) // whoever asked may have gone
	}).Methods(http.MethodGet, http.MethodHead)
}

// securityTxt expires at a midnight, so that it is the same for a day.
func securityTxt(c *Config, now time.Time) string {
	expires := now.UTC().Truncate(24 * time.Hour).Add(securityLife)
	text := "Contact: " + contactURI(c.SecurityContact) + "\nExpires: " + expires.Format(time.RFC3339) + "\n"
	if c.secure() { // section 2.5.2: a web address there must be https
		text += "Canonical: " + c.Issuer + pathSecurityTxt + "\n"
	}
	return text
}

// contactURI is a contact as the field wants it: a bare mail address becomes a URI.
func contactURI(contact string) string {
	if a, err := mail.ParseAddress(contact); err == nil && a.Address == contact {
		return (&url.URL{Scheme: "mailto", Opaque: url.PathEscape(contact)}).String()
	}
	return contact
}

// contactFault follows RFC 9116 section 2.5.3.
func contactFault(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(contactURI(s))
	known := err == nil && !strings.ContainsAny(s, " \r\n") &&
		(u.Scheme == "https" && u.Hostname() != "" && u.User == nil || (u.Scheme == "mailto" || u.Scheme == "tel") && u.Opaque != "")
	if !known {
		return fmt.Sprintf("must be an e-mail address, or begin with https:, mailto: or tel:, not %q", s)
	}
	return ""
}
