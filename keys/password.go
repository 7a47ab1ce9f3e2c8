package keys

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Length of a password in characters (Unicode code points in NFC).
const (
	MinPassword = 12
	MaxPassword = 256
)

// PasswordReason says why a password is not acceptable. The words a person reads
// belong to the pages.
type PasswordReason string

// The reasons, in the order in which they are looked for.
const (
	PasswordText   PasswordReason = "text"      // not text: invalid UTF-8 or control characters
	PasswordShort  PasswordReason = "too_short" // under MinPassword
	PasswordLong   PasswordReason = "too_long"  // over MaxPassword
	PasswordCommon PasswordReason = "common"    // made of what everybody tries first
	PasswordOwn    PasswordReason = "own"       // the same with the user's own names
)

// PasswordError is the answer of CheckPassword. It does not carry the password.
type PasswordError struct{ Reason PasswordReason }

func (e *PasswordError) Error() string { return fmt.Sprintf("password refused: %s", e.Reason) }

// minFree is how many free units an acceptable password has: characters outside
// every predictable piece count one each, a predictable piece counts one as a whole.
const minFree = 7

// CheckPassword returns a *PasswordError if password is not acceptable for a user
// with the own names (username, e-mail address, display name; the platform's name).
// There are no rules of composition. Refused are passwords that consist of little
// more than common words, keyboard walks, repetitions, years and own names, however
// capitalised, with figures in place of letters, or backwards: these fall first to
// anyone who guesses. A long enough password may contain any of them.
func CheckPassword(password string, own ...string) error {
	if !isText(password) {
		return &PasswordError{PasswordText}
	}
	switch n := utf8.RuneCountInString(norm.NFC.String(password)); {
	case n < MinPassword:
		return &PasswordError{PasswordShort}
	case n > MaxPassword:
		return &PasswordError{PasswordLong}
	}
	folded := fold(password)
	if freeUnits(folded, nil) < minFree {
		return &PasswordError{PasswordCommon}
	}
	if names := ownNames(own); len(names) > 0 && freeUnits(folded, names) < minFree {
		return &PasswordError{PasswordOwn}
	}
	return nil
}

func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

// fold makes alike what looks alike: compatibility forms, capitals, and separators,
// which are the first thing anyone adds. There are characters whose compatibility
// form is eighteen others, so it ends at MaxPassword.
func fold(s string) []rune {
	s = strings.ToLower(norm.NFKC.String(s))
	folded := []rune(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-_.,", r) {
			return -1
		}
		return r
	}, s))
	return folded[:min(len(folded), MaxPassword)]
}

// ownNames splits the names into their words, and keeps each whole as well. Shorter
// words than three characters occur in everything.
func ownNames(own []string) [][]rune {
	var names [][]rune
	for _, name := range own {
		words := strings.FieldsFunc(strings.ToLower(norm.NFKC.String(name)), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsNumber(r)
		})
		for _, word := range append(words, string(fold(name))) {
			if utf8.RuneCountInString(word) >= 3 {
				names = append(names, []rune(word))
			}
		}
	}
	return names
}
