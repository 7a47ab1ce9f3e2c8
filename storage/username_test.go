package storage

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
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

// The letters of some are Cyrillic or Greek: they look like Latin ones.
func TestNewUsernamesMixNoScriptsButAsTheSettingSays(t *testing.T) {
	levels := []string{ScriptsHighlyRestrictive, ScriptsModeratelyRestrictive, ScriptsAny}
	for name, strictest := range map[string]string{
		"ada-1": levels[0], "ольга_1": levels[0], "αθηνά": levels[0], "太郎": levels[0], "ひろ太郎": levels[0], "コーヒーya": levels[0],
		"김철수kim金": levels[0], "ㄅ陳chen": levels[0], "007": levels[0], "zoe\u0301": levels[0], "सीमा2": levels[0],
		"ada-ანა": levels[1], "ada-सीमा": levels[1], "ada-ไทย": levels[1],
		"\u0430da": levels[2], "pаypal": levels[2], "ad\u03b1": levels[2], "оα": levels[2], "김ひろ": levels[2],
		"太ㄅひ": levels[2], "太я": levels[2], "ada-ไทย太": levels[2], "ada-Ꮜ": levels[2],
	} {
		h := newHouse(t)
		u := h.user("before")
		doors := map[string]func() error{
			"create": func() error {
				_, err := h.Users.Create(h.ctx, Operator, User{Username: name})
				return err
			},
			"change": func() error {
				_, err := h.Users.Change(h.ctx, Operator, u.ID, UserChange{Username: &name})
				return err
			},
			"import":    func() error { return h.imports(UserChange{Username: &name, ExternalID: new("of another")}) },
			"re-import": func() error { return h.imports(UserChange{Username: &name, ExternalID: new("1")}) },
		}
		need(h.Users.Change(h.ctx, Operator, u.ID, UserChange{ExternalID: new("1")}))(h)
		for i, level := range levels {
			h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{{Name: "username_scripts", Value: []byte(strconv.Quote(level))}}))
			for door, take := range doors {
				if i < slices.Index(levels, strictest) {
					wantInvalid(t, take(), "username")
					continue
				}
				if err := take(); err != nil {
					t.Errorf("%s, %s: %+q: %v", level, door, name, err)
				}
				if made, err := h.Users.ByLogin(h.ctx, name); err == nil && made.ID != u.ID {
					h.ok(h.Users.Delete(h.ctx, Operator, made.ID))
				}
				need(h.Users.Change(h.ctx, Operator, u.ID, UserChange{Username: new("before")}))(h)
			}
		}
		h.sound()
	}
}

func TestAStoredUsernameThatMixesScriptsBlocksNoOtherChange(t *testing.T) {
	h := newHouse(t)
	level := func(v string) {
		h.ok(h.Settings.Change(h.ctx, Operator, []SettingChange{{Name: "username_scripts", Value: []byte(v)}}))
	}
	level(`"any"`)
	mixed := "ad\u0430"
	u := h.user(mixed)
	need(h.Users.Change(h.ctx, Operator, u.ID, UserChange{ExternalID: new("1")}))(h)
	level("null")
	need(h.Users.Change(h.ctx, Operator, u.ID, UserChange{Username: &mixed, Email: new("ada@example.org")}))(h)
	h.ok(h.imports(UserChange{ExternalID: new("1"), Username: &mixed, Email: new("ada@example.com")}))
	h.ok(h.imports(UserChange{ExternalID: new("1"), Username: new("ada")}))
	wantInvalid(t, h.imports(UserChange{ExternalID: new("1"), Username: &mixed}), "username")
	err := h.Settings.Change(h.ctx, Operator, []SettingChange{{Name: "username_scripts", Value: []byte(`"some"`)}})
	wantInvalid(t, err, "username_scripts")
	h.sound()
}

// A name that is misspelled would be no script at all.
func TestTheNamesOfScriptsAreThoseOfUnicode(t *testing.T) {
	for _, name := range slices.Concat(append(writtenTogether, besideLatin)...) {
		if unicode.Scripts[name] == nil {
			t.Errorf("%q is no script", name)
		}
	}
}
