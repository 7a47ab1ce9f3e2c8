package people_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

// Spellings that people take for the same name, or the same address.
var (
	spellingsOfAda   = []string{"ada", "ADA", "Ada", "ａｄａ", "ＡＤＡ"}
	spellingsOfZoe   = []string{"zoé", "ZOÉ", "zoe\u0301", "ZOE\u0301", "ｚｏé"}
	spellingsOfEmail = []string{"zoé@example.org", "ZOÉ@EXAMPLE.ORG", "zoe\u0301@example.org", "ｚｏé@example.org",
		"ZOE\u0301@Example.Org"}
)

func TestUsernamesAreUniqueOverCaseWidthAndUnicodeForm(t *testing.T) {
	for _, spellings := range [][]string{spellingsOfAda, spellingsOfZoe} {
		h := storetest.NewHouse(t)
		first := h.User(spellings[0])
		for _, name := range spellings {
			_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{Username: name})
			storetest.WantTaken(t, err, "username")
			if u := storetest.Need(h.Users.ByLogin(h.Ctx, name))(h); u.ID != first.ID {
				t.Errorf("%q leads to %s", name, u.Username)
			}
		}
		other := h.User("other")
		_, err := h.Users.Change(h.Ctx, storage.Operator, other.ID,
			people.UserChange{Username: &spellings[len(spellings)-1]})
		storetest.WantTaken(t, err, "username")
		storetest.Need(h.Users.Change(h.Ctx, storage.Operator, first.ID,
			people.UserChange{Username: &spellings[1]}))(h) // its own, respelled
		h.Sound()
	}
}

func TestEmailAddressesAreUniqueOverCaseWidthAndUnicodeForm(t *testing.T) {
	h := storetest.NewHouse(t)
	first := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "zoe", Email: spellingsOfEmail[0]}))(h)
	for i, email := range spellingsOfEmail {
		_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{Username: "other", Email: email})
		if storetest.WantTaken(t, err, "email"); t.Failed() {
			t.Fatalf("spelling %d: %q", i, email)
		}
		if u := storetest.Need(h.Users.Find(h.Ctx, email))(h); u.ID != first.ID {
			t.Errorf("%q leads to %s", email, u.Username)
		}
	}
	h.User("one")
	h.User("another") // no address is not an address
	h.Sound()
}

func TestNoUsernamePosesAsAnAddressOrAnID(t *testing.T) {
	h := storetest.NewHouse(t)
	victim := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
		people.User{Username: "victim", Email: "v@example.org"}))(h)
	for _, name := range []string{"v@example.org", "v＠example.org", "v﹫example.org", "Ｖ＠example.org",
		victim.ID.String(), strings.ToUpper(victim.ID.String())} {
		_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{Username: name})
		storetest.WantInvalid(t, err, "username")
	}
}

func TestUsernamesThatPeopleCannotTypeOrTellApartAreRefused(t *testing.T) {
	for _, name := range []string{"", " ", "a b", "a\tb", "a\u00a0b", "a\x00", "a\u200bb", "\u202eada", "a\nb", "\xff",
		strings.Repeat("a", 65), "♥"} {
		storetest.WantInvalid(t, people.ValidUsername(name), "username")
	}
	for _, name := range []string{"a", "ada", "Ada.Lovelace-1815_x", "zoé", "Ольга", "太郎", strings.Repeat("a", 64)} {
		if err := people.ValidUsername(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestEmailAddressesAreBareAddresses(t *testing.T) {
	for _, email := range []string{"ada", "@example.org", "ada@", "Ada <ada@example.org>",
		"ada@example.org, b@example.org",
		"ada@example.org\r\nBcc: x@example.org", " ada@example.org", "ada@@example.org", "<ada@example.org>",
		"ada@example.org\x00", strings.Repeat("a", 250) + "@b.cd", strings.Repeat("\ufdfa", 60) + "@b.cd"} {
		storetest.WantInvalid(t, table.ValidEmail(email), "email")
	}
	for _, email := range []string{"", "ada@example.org", "ada+x@example.org", "zoé@example.org",
		"o'neil@example.org", "a@b"} {
		if err := table.ValidEmail(email); err != nil {
			t.Errorf("%q: %v", email, err)
		}
	}
}

// Whoever is not signed in chooses how long a name is to be mapped.
func TestANameLongerThanAnyIsNotMapped(t *testing.T) {
	h := storetest.NewHouse(t)
	var domain strings.Builder
	for i := range 5000 {
		domain.WriteRune(rune(0x4e00 + i*7919%20000))
	}
	for _, name := range []string{"ADA@" + domain.String(), strings.Repeat("\ufdfa", 5000),
		strings.Repeat("A", people.MaxLogin+1)} {
		if people.CanonicalLogin(name) != name {
			t.Errorf("a name of %d bytes is mapped", len(name))
		}
		if _, err := h.Users.ByLogin(h.Ctx, name); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a name of %d bytes: %v", len(name), err)
		}
		for range 10 {
			if wait := h.Attempt(name, nil, ""); wait != 0 {
				t.Fatalf("waits %v", wait)
			}
		}
		if h.Attempt(name, nil, "") == 0 {
			t.Errorf("a name of %d bytes is guessed at without end", len(name))
		}
	}
	longest := strings.Repeat("A", 64)
	if people.CanonicalLogin(longest) == longest {
		t.Error("the longest name of all is not mapped")
	}
}

// A canonical form that had another one would give an account two counters.
func FuzzCanonicalFormsAreTheirOwn(f *testing.F) {
	for _, s := range append(append(spellingsOfAda, spellingsOfZoe...), "ǰ", "J\u030c", "ß", "İ", "ς", "ᾳ",
		"\u0345", "ﬃ", "Å", "ﷺ", "\u1e9e", "ㅎ", "a\u0315\u0300") {
		f.Add(s)
		f.Add(s + "@example.org")
	}
	f.Fuzz(func(t *testing.T, s string) {
		if once := table.CanonicalEmail(s); table.CanonicalEmail(once) != once {
			t.Errorf("%q becomes %q, and then %q", s, once, table.CanonicalEmail(once))
		}
		once, err := people.CanonicalUsername(s)
		if err != nil || people.ValidUsername(s) != nil {
			return
		}
		if twice, err := people.CanonicalUsername(once); err != nil || twice != once {
			t.Errorf("%q becomes %q, and then %q, %v", s, once, twice, err)
		}
	})
}

func TestAUserIsNamedByUsernameOrVerifiedAddressInAnySpelling(t *testing.T) {
	u := people.User{Username: "zoé", Email: "zoé@bücher.example", EmailVerified: true}
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
	if none := (&people.User{Username: "x", EmailVerified: true}); none.IsNamed("") {
		t.Error("nothing names somebody without an address")
	}
}

// The letters of some are Cyrillic or Greek: they look like Latin ones.
func TestNewUsernamesMixNoScriptsButAsTheSettingSays(t *testing.T) {
	levels := []string{policy.ScriptsHighlyRestrictive, policy.ScriptsModeratelyRestrictive, policy.ScriptsAny}
	for name, strictest := range map[string]string{
		"ada-1": levels[0], "ольга_1": levels[0], "αθηνά": levels[0], "太郎": levels[0], "ひろ太郎": levels[0],
		"コーヒーya":  levels[0],
		"김철수kim金": levels[0], "ㄅ陳chen": levels[0], "007": levels[0], "zoe\u0301": levels[0], "सीमा2": levels[0],
		"ada-ანა": levels[1], "ada-सीमा": levels[1], "ada-ไทย": levels[1],
		"\u0430da": levels[2], "pаypal": levels[2], "ad\u03b1": levels[2], "оα": levels[2], "김ひろ": levels[2],
		"太ㄅひ": levels[2], "太я": levels[2], "ada-ไทย太": levels[2], "ada-Ꮜ": levels[2],
	} {
		h := storetest.NewHouse(t)
		u := h.User("before")
		doors := map[string]func() error{
			"create": func() error {
				_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{Username: name})
				return err
			},
			"change": func() error {
				_, err := h.Users.Change(h.Ctx, storage.Operator, u.ID, people.UserChange{Username: &name})
				return err
			},
			"import": func() error {
				return h.Imports(people.UserChange{Username: &name,
					ExternalID: new("of another")})
			},
			"re-import": func() error { return h.Imports(people.UserChange{Username: &name, ExternalID: new("1")}) },
		}
		storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID, people.UserChange{ExternalID: new("1")}))(h)
		for i, level := range levels {
			h.Ok(h.Settings.Change(h.Ctx, storage.Operator,
				[]policy.SettingChange{{Name: "username_scripts", Value: []byte(strconv.Quote(level))}}))
			for door, take := range doors {
				if i < slices.Index(levels, strictest) {
					storetest.WantInvalid(t, take(), "username")
					continue
				}
				if err := take(); err != nil {
					t.Errorf("%s, %s: %+q: %v", level, door, name, err)
				}
				if made, err := h.Users.ByLogin(h.Ctx, name); err == nil && made.ID != u.ID {
					h.Ok(h.Users.Delete(h.Ctx, storage.Operator, made.ID))
				}
				storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID,
					people.UserChange{Username: new("before")}))(h)
			}
		}
		h.Sound()
	}
}

func TestAStoredUsernameThatMixesScriptsBlocksNoOtherChange(t *testing.T) {
	h := storetest.NewHouse(t)
	level := func(v string) {
		h.Ok(h.Settings.Change(h.Ctx, storage.Operator,
			[]policy.SettingChange{{Name: "username_scripts", Value: []byte(v)}}))
	}
	level(`"any"`)
	mixed := "ad\u0430"
	u := h.User(mixed)
	storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID, people.UserChange{ExternalID: new("1")}))(h)
	level("null")
	storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID,
		people.UserChange{Username: &mixed, Email: new("ada@example.org")}))(h)
	h.Ok(h.Imports(people.UserChange{ExternalID: new("1"), Username: &mixed, Email: new("ada@example.com")}))
	h.Ok(h.Imports(people.UserChange{ExternalID: new("1"), Username: new("ada")}))
	storetest.WantInvalid(t, h.Imports(people.UserChange{ExternalID: new("1"), Username: &mixed}), "username")
	err := h.Settings.Change(h.Ctx, storage.Operator,
		[]policy.SettingChange{{Name: "username_scripts", Value: []byte(`"some"`)}})
	storetest.WantInvalid(t, err, "username_scripts")
	h.Sound()
}

// A name that is misspelled would be no script at all.
func TestTheNamesOfScriptsAreThoseOfUnicode(t *testing.T) {
	for _, name := range slices.Concat(append(people.WrittenTogether, people.BesideLatin)...) {
		if unicode.Scripts[name] == nil {
			t.Errorf("%q is no script", name)
		}
	}
}
