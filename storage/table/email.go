package table

import (
	"net/mail"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"latchkey/storage"
)

// CanonicalEmail maps the spellings of an address that people take for the same to
// one: case, width and Unicode form, by compatibility caseless matching (Unicode
// section 3.13, D146). RFC 5321 lets the local part differ by case; no mail
// provider in use does, and two accounts apart by such a thing are a trap.
func CanonicalEmail(s string) string {
	s = cases.Fold().String(norm.NFD.String(s))
	return norm.NFKD.String(cases.Fold().String(norm.NFKD.String(s)))
}

func ValidEmail(s string) error {
	if s == "" {
		return nil
	}
	if err := storage.PlainText("email", s); err != nil {
		return err
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || len(CanonicalEmail(s)) > 512 {
		return storage.Invalidf("email", "must be an address like ada@example.org, not %q", s)
	}
	return nil
}
