package storage

import (
	"strings"
	"unicode"
)

// VisibleText is plainText for a name that people tell others apart by, or "". It must have
// something to see, and nothing that cannot be seen, by which one name could look like
// another. The joiners and selectors that scripts and emoji need are taken where they have
// an effect.
func VisibleText(field, s string) error {
	if err := PlainText(field, s); err != nil || s == "" {
		return err
	}
	before, seen := rune(0), false
	for _, r := range withoutTags.Replace(s) {
		switch {
		case !invisible(r):
			seen = seen || unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
		case !joins(before, r):
			return Invalidf(field, "must not hold characters that cannot be seen (U+%04X)", r)
		}
		before = r
	}
	if !seen {
		return Invalidf(field, "must have characters that can be seen")
	}
	return nil
}

// withoutTags leaves of the emoji flags that are written with tag characters, which by
// themselves cannot be seen, the flag. Those of England, Scotland and Wales are all that
// there are (Unicode Technical Standard 51, annex C.1).
var withoutTags = strings.NewReplacer(
	"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U0001f3f4",
	"\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "\U0001f3f4",
	"\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", "\U0001f3f4",
)

// VisibleChange is visibleText for a field that had another value before. What an earlier
// version stored is no reason to refuse a change of something else.
func VisibleChange(field, was, s string) error {
	if s == was {
		return nil
	}
	return VisibleText(field, s)
}

// invisible reports whether a character shows nothing: those that Unicode lets programs
// ignore (Default_Ignorable_Code_Point), and the empty Braille pattern.
func invisible(r rune) bool {
	return r == '\u2800' || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point,
		unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// joins reports whether an invisible character changes how the one before it looks: a
// joiner in a script whose letters join, or within an emoji; a selector of the emoji form.
func joins(before, r rune) bool {
	symbol := before != '\u2800' && !invisible(before) && unicode.In(before, unicode.S, unicode.P, unicode.N)
	switch r {
	case '\ufe0e', '\ufe0f':
		return symbol
	case '\u200c', '\u200d':
		return symbol || before == '\ufe0f' || unicode.In(before, joiningScripts...)
	}
	return false
}

var joiningScripts = []*unicode.RangeTable{unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari,
	unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
	unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar, unicode.Tibetan}
