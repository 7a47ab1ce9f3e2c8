package people

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/secure/precis"
	"latchkey/storage"
	"latchkey/storage/table"
)

// canonicalUsername maps every spelling of a username (case, width, Unicode form)
// to one, by the UsernameCaseMapped profile of RFC 8265 section 3.3, so that one
// account has one name, one counter and one lockout.
func canonicalUsername(s string) (string, error) {
	return precis.UsernameCaseMapped.String(s)
}

// loginMost is how long, in bytes, what somebody typed to sign in may be to be worth
// mapping: all spellings of all names and addresses that an account can have are
// shorter. The ASCII form of a domain takes a time that grows with the square of its
// length, seconds for what fits into a form.
const maxLogin = 512

// canonicalLogin maps every spelling of what a person typed to sign in to one,
// whether or not an account has it. What is too long for any stands for itself.
func canonicalLogin(s string) string {
	if len(s) > maxLogin {
		return s
	}
	if name, err := canonicalUsername(s); err == nil && !strings.Contains(name, "@") {
		return name
	}
	return slices.Min(append(alikeEmails(s), table.CanonicalEmail(s)))
}

// IsNamed reports whether text is the username, in any spelling, or the e-mail address if
// it is verified: another one may be somebody else's.
func (u *User) IsNamed(text string) bool {
	login := canonicalLogin(text)
	return login == canonicalLogin(u.Username) || u.EmailVerified && u.Email != "" && login == canonicalLogin(u.Email)
}

func validUsername(s string) error {
	if s == "" || len(s) > 64 {
		return storage.Invalidf("username", "must be 1 to 64 bytes long")
	}
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return storage.Invalidf("username", "must not hold spaces")
	}
	name, err := canonicalUsername(s)
	if err != nil {
		return storage.Invalidf("username", "must be letters, digits and marks such as - _ .")
	}
	// Sign-in takes a username or an e-mail address in one field: no name, in none
	// of its spellings, may pose as somebody's address. Nor as an id, by which the
	// command line finds accounts.
	if strings.Contains(name, "@") {
		return storage.Invalidf("username", "must not hold @")
	}
	if _, err := storage.ParseID(name); err == nil {
		return storage.Invalidf("username", "must not look like an id")
	}
	return nil
}
