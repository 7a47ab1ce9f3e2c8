package storage

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ClaimMost bounds one claim in bytes, so that a user's record, and so every
// answer that carries it, stays small.
const MaxClaim = 512

// PlainText refuses what no name or address holds: control characters (save line
// breaks in addresses), characters that turn the direction of what follows, by
// which a name on a consent page could pose as other words, broken UTF-8, and more
// than claimMost bytes.
func PlainText(field, s string) error {
	if len(s) > MaxClaim {
		return Invalidf(field, "must be at most %d bytes long", MaxClaim)
	}
	if !utf8.ValidString(s) {
		return Invalidf(field, "must be valid UTF-8")
	}
	multiline := strings.HasPrefix(field, "address.")
	for _, r := range s {
		if unicode.IsControl(r) && (!multiline || r != '\n') {
			return Invalidf(field, "must not hold control characters")
		}
		if r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u2028' || r == '\u2029' {
			return Invalidf(field, "must not hold characters that turn the direction of text or break lines")
		}
	}
	return nil
}

// WebURL accepts an absolute http or https URL without user information, or "".
func WebURL(field, s string) error {
	if s == "" {
		return nil
	}
	if err := PlainText(field, s); err != nil {
		return err
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return Invalidf(field, "must be an http or https address, not %q", s)
	}
	return nil
}
