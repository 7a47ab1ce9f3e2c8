package storage

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Spellings that people take for the same name, or the same address.
var (
	spellingsOfAda   = []string{"ada", "ADA", "Ada", "ａｄａ", "ＡＤＡ"}
	spellingsOfZoe   = []string{"zoé", "ZOÉ", "zoe\u0301", "ZOE\u0301", "ｚｏé"}
	spellingsOfEmail = []string{"zoé@example.org", "ZOÉ@EXAMPLE.ORG", "zoe\u0301@example.org", "ｚｏé@example.org", "ZOE\u0301@Example.Org"}
)

func TestUsernamesAreUniqueOverCaseWidthAndUnicodeForm(t *testing.T) {
	for _, spellings := range [][]string{spellingsOfAda, spellingsOfZoe} {
		h := newHouse(t)
		first := h.user(spellings[0])
		for _, name := range spellings {
			_, err := h.Users.Create(h.ctx, Operator, User{Username: name})
			wantTaken(t, err, "username")
			if u := need(h.Users.ByLogin(h.ctx, name))(h); u.ID != first.ID {
				t.Errorf("%q leads to %s", name, u.Username)
			}
		}
		other := h.user("other")
		_, err := h.Users.Change(h.ctx, Operator, other.ID, UserChange{Username: &spellings[len(spellings)-1]})
		wantTaken(t, err, "username")
		need(h.Users.Change(h.ctx, Operator, first.ID, UserChange{Username: &spellings[1]}))(h) // its own, respelled
		h.sound()
	}
}

func TestEmailAddressesAreUniqueOverCaseWidthAndUnicodeForm(t *testing.T) {
	h := newHouse(t)
	first := need(h.Users.Create(h.ctx, Operator, User{Username: "zoe", Email: spellingsOfEmail[0]}))(h)
	for i, email := range spellingsOfEmail {
		_, err := h.Users.Create(h.ctx, Operator, User{Username: "other", Email: email})
		if wantTaken(t, err, "email"); t.Failed() {
			t.Fatalf("spelling %d: %q", i, email)
		}
		if u := need(h.Users.Find(h.ctx, email))(h); u.ID != first.ID {
			t.Errorf("%q leads to %s", email, u.Username)
		}
	}
	h.user("one")
	h.user("another") // no address is not an address
	h.sound()
}

func TestNoUsernamePosesAsAnAddressOrAnID(t *testing.T) {
	h := newHouse(t)
	victim := need(h.Users.Create(h.ctx, Operator, User{Username: "victim", Email: "v@example.org"}))(h)
	for _, name := range []string{"v@example.org", "v＠example.org", "v﹫example.org", "Ｖ＠example.org",
		victim.ID.String(), strings.ToUpper(victim.ID.String())} {
		_, err := h.Users.Create(h.ctx, Operator, User{Username: name})
		wantInvalid(t, err, "username")
	}
}

func TestUsernamesThatPeopleCannotTypeOrTellApartAreRefused(t *testing.T) {
	for _, name := range []string{"", " ", "a b", "a\tb", "a\u00a0b", "a\x00", "a\u200bb", "\u202eada", "a\nb", "\xff",
		strings.Repeat("a", 65), "♥"} {
		wantInvalid(t, validUsername(name), "username")
	}
	for _, name := range []string{"a", "ada", "Ada.Lovelace-1815_x", "zoé", "Ольга", "太郎", strings.Repeat("a", 64)} {
		if err := validUsername(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestEmailAddressesAreBareAddresses(t *testing.T) {
	for _, email := range []string{"ada", "@example.org", "ada@", "Ada <ada@example.org>", "ada@example.org, b@example.org",
		"ada@example.org\r\nBcc: x@example.org", " ada@example.org", "ada@@example.org", "<ada@example.org>",
		"ada@example.org\x00", strings.Repeat("a", 250) + "@b.cd", strings.Repeat("\ufdfa", 60) + "@b.cd"} {
		wantInvalid(t, validEmail(email), "email")
	}
	for _, email := range []string{"", "ada@example.org", "ada+x@example.org", "zoé@example.org", "o'neil@example.org", "a@b"} {
		if err := validEmail(email); err != nil {
			t.Errorf("%q: %v", email, err)
		}
	}
}

// Whoever is not signed in chooses how long a name is to be mapped.
func TestANameLongerThanAnyIsNotMapped(t *testing.T) {
	h := newHouse(t)
	var domain strings.Builder
	for i := range 5000 {
		domain.WriteRune(rune(0x4e00 + i*7919%20000))
	}
	for _, name := range []string{"ADA@" + domain.String(), strings.Repeat("\ufdfa", 5000), strings.Repeat("A", loginMost+1)} {
		if canonicalLogin(name) != name {
			t.Errorf("a name of %d bytes is mapped", len(name))
		}
		if _, err := h.Users.ByLogin(h.ctx, name); !errors.Is(err, ErrNotFound) {
			t.Errorf("a name of %d bytes: %v", len(name), err)
		}
		for range 10 {
			if wait := h.attempt(name, nil, ""); wait != 0 {
				t.Fatalf("waits %v", wait)
			}
		}
		if h.attempt(name, nil, "") == 0 {
			t.Errorf("a name of %d bytes is guessed at without end", len(name))
		}
	}
	longest := strings.Repeat("A", 64)
	if canonicalLogin(longest) == longest {
		t.Error("the longest name of all is not mapped")
	}
}

// A canonical form that had another one would give an account two counters.
func FuzzCanonicalFormsAreTheirOwn(f *testing.F) {
	for _, s := range append(append(spellingsOfAda, spellingsOfZoe...), "ǰ", "J\u030c", "ß", "İ", "ς", "ᾳ", "\u0345", "ﬃ", "Å", "ﷺ", "\u1e9e", "ㅎ", "a\u0315\u0300") {
		f.Add(s)
		f.Add(s + "@example.org")
	}
	f.Fuzz(func(t *testing.T, s string) {
		if once := canonicalEmail(s); canonicalEmail(once) != once {
			t.Errorf("%q becomes %q, and then %q", s, once, canonicalEmail(once))
		}
		once, err := canonicalUsername(s)
		if err != nil || validUsername(s) != nil {
			return
		}
		if twice, err := canonicalUsername(once); err != nil || twice != once {
			t.Errorf("%q becomes %q, and then %q, %v", s, once, twice, err)
		}
	})
}

func TestAUserIsNamedByUsernameOrVerifiedAddressInAnySpelling(t *testing.T) {
	u := User{Username: "zoé", Email: "zoé@bücher.example", EmailVerified: true}
	for _, name := range append(slices.Clone(spellingsOfZoe), "zoé@bücher.example", "ZOÉ@xn--bcher-kva.example") {
		if !u.IsNamed(name) {
			t.Errorf("%q", name)
		}
	}
	for _, name := range []string{"", "zoe", "zoé@", "zoé@bucher.example", strings.Repeat("z", 1000)} {
		if u.IsNamed(name) {
			t.Errorf("%q names zoé", name)
		}
	}
	if u.EmailVerified = false; u.IsNamed(u.Email) {
		t.Error("an address that is not verified names zoé")
	}
	if none := (&User{Username: "x", EmailVerified: true}); none.IsNamed("") {
		t.Error("nothing names somebody without an address")
	}
}
