package people

import (
	"slices"
	"strings"
	"unicode"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
)

// writtenTogether are the scripts that one name may hold together.
var writtenTogether = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// besideLatin are the recommended scripts that writtenTogether does not name.
var besideLatin = []string{"Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic", "Georgian", "Gujarati",
	"Gurmukhi",
	"Hebrew", "Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thaana",
	"Thai",
	"Tibetan"}

// scriptsOf returns the names of the scripts of a text, each once. Characters that scripts
// share, such as digits, count for none.
func scriptsOf(s string) (names []string) {
	for _, r := range s {
		if unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		if slices.ContainsFunc(names, func(name string) bool { return unicode.Is(unicode.Scripts[name], r) }) {
			continue
		}
		for name, letters := range unicode.Scripts {
			if unicode.Is(letters, r) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// validateScripts refuses a username that mixes scripts as level forbids: letters of
// another script can make it look like somebody else's.
func validateScripts(username, level string) error {
	names := scriptsOf(username)
	within := func(all []string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(all, name) })
	}
	if level == policy.ScriptsAny || len(names) < 2 || slices.ContainsFunc(writtenTogether, within) {
		return nil
	}
	if level == policy.ScriptsModeratelyRestrictive && len(names) == 2 {
		if slices.ContainsFunc(besideLatin, func(name string) bool { return within([]string{"Latin", name}) }) {
			return nil
		}
	}
	slices.Sort(names)
	return storage.Invalidf("username", "must not mix letters of %s, by which it could look like another name (the setting "+
		"username_scripts)", strings.Join(names, " and "))
}

// validateNewUsername holds a username that differs from the one stored to the setting.
func (p *People) validateNewUsername(r kv.Reader, stored, username string) error {
	if username == stored {
		return nil
	}
	set, err := p.Policy.SettingsIn(r)
	if err != nil {
		return err
	}
	return validateScripts(username, set.UsernameScripts)
}
