package tokenendpoint

import (
	"strings"
	"testing"
)

// The words are for apps: nothing in them is of the user, nor what error_description
// must not hold (RFC 6749 section 5.2).
func TestAdviceFitsIntoAnAnswer(t *testing.T) {
	for _, texts := range []map[string]string{codeTexts, refreshTexts} {
		for why, text := range texts {
			if strings.ContainsAny(text, `"\`) ||
				strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
				t.Errorf("%s: %s", why, text)
			}
		}
	}
}
