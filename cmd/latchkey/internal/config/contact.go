package config

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
)

// ContactURI is a contact as the field wants it: a bare mail address becomes a URI.
func ContactURI(contact string) string {
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
	u, err := url.Parse(ContactURI(s))
	known := err == nil && !strings.ContainsAny(s, " \r\n") &&
		(u.Scheme == "https" && u.Hostname() != "" && u.User == nil ||
			(u.Scheme == "mailto" || u.Scheme == "tel") && u.Opaque != "")
	if !known {
		return fmt.Sprintf("must be an e-mail address, or begin with https:, mailto: or tel:, not %q", s)
	}
	return ""
}
