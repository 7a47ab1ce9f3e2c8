package people

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"latchkey/storage/table"
)

// domains maps a name as people type it, and knows its Unicode and its ASCII form
// (RFC 5891, UTS #46 without the transitional rules).
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.VerifyDNSLength(true))

// alikeEmails are the canonical forms of an address besides canonicalEmail(s): an
// internationalised domain has a Unicode and an ASCII form, and people, mail programs
// and other systems write now one, now the other. None for most addresses, and for a
// domain that could not be one. Records are found by the form they were stored with:
// whoever looks for one, or for room for one, looks under all.
func alikeEmails(s string) []string {
	at := strings.LastIndexByte(s, '@')
	domain := s[at+1:]
	if at < 0 || isASCII(domain) && !strings.Contains(strings.ToLower(domain), "xn--") {
		return nil
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil {
		return nil
	}
	text, err := domains.ToUnicode(ascii)
	if err != nil {
		return nil
	}
	forms := []string{table.CanonicalEmail(s[:at+1] + ascii), table.CanonicalEmail(s[:at+1] + text)}
	slices.Sort(forms)
	own := table.CanonicalEmail(s)
	return slices.DeleteFunc(slices.Compact(forms), func(form string) bool { return form == own })
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7f }) < 0
}
