package people_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

// spellings of one address, grouped: Unicode, its decomposed form, capitals, ASCII.
var spellings = [][]string{
	{"ada@bücher.example", "Ada@BÜCHER.example", norm.NFD.String("ada@bücher.example"), "ada@xn--bcher-kva.example",
		"ADA@XN--BCHER-KVA.EXAMPLE"},
	{"ада@почта.рф", "ада@xn--80a1acny.xn--p1ai"},
	{"x@例え.テスト", "x@xn--r8jz45g.xn--zckzah"},
}

func TestAnInternationalisedAddressIsOneAccount(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		for _, same := range spellings {
			for i, stored := range same {
				u := storetest.Need(h.Users.Create(h.Ctx, storage.Operator,
					people.User{Username: "first", Email: stored}))(h)
				for _, typed := range same {
					if got, err := h.Users.ByLogin(h.Ctx, typed); err != nil || got.ID != u.ID {
						t.Errorf("stored as %s, not found as %s: %v", stored, typed, err)
					}
					_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{Username: "second", Email: typed})
					storetest.WantTaken(t, err, "email")
					name := "third"
					done, err := h.Users.Import(h.Ctx, storage.Operator, people.UserImportOptions{},
						[]people.UserImport{{ID: h.Users.NewID(),
							Change: people.UserChange{Username: &name, Email: &typed}}})
					h.Ok(err)
					storetest.WantTaken(t, done[0].Err, "email")
				}
				// Another form of one's own is no conflict, and the old one is not left behind.
				other := same[(i+1)%len(same)]
				storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID, people.UserChange{Email: &other}))(h)
				if got := storetest.Need(h.Users.ByLogin(h.Ctx, stored))(h); got.Email != other {
					t.Errorf("%+v", got)
				}
				h.Sound()
				h.Ok(h.Users.Delete(h.Ctx, storage.Operator, u.ID))
				if n := h.Count(table.SpaceUsersByEmail); n != 0 {
					t.Errorf("%d addresses left", n)
				}
			}
		}
	})
}

func TestOfTwoFormsOfAnAddressAtOnceOneIsTaken(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		got := h.AtOnce(2, func(i int) string {
			_, err := h.Users.Create(h.Ctx, storage.Operator,
				people.User{Username: []string{"one", "two"}[i], Email: spellings[0][3*i]})
			return storetest.Outcome(err)
		})
		if got["done"] != 1 {
			t.Errorf("%v", got)
		}
	})
}

// A guesser gets no fresh counter for another spelling.
func TestAllSpellingsOfAStrangersAddressAreOneName(t *testing.T) {
	for _, same := range spellings {
		for _, s := range same {
			if got := people.CanonicalLogin(s); got != people.CanonicalLogin(same[0]) {
				t.Errorf("%s is %q, %s is %q", s, got, same[0], people.CanonicalLogin(same[0]))
			}
		}
	}
}

func TestOtherAddressesHaveOneForm(t *testing.T) {
	for _, s := range []string{"", "ada", "ada@example.org", "ADA@EXAMPLE.ORG", "ünï@example.org", "a@xn--",
		"a@xn--a", "a@" + strings.Repeat("ü", 300), "a@\xff.example", "@", "xn--bcher-kva.example"} {
		if got := people.AlikeEmails(s); len(got) != 0 {
			t.Errorf("%q: %q", s, got)
		}
	}
	if got := people.AlikeEmails("a@bücher.example"); !slices.Equal(got, []string{"a@xn--bcher-kva.example"}) {
		t.Errorf("%q", got)
	}
}

func FuzzAddressForms(f *testing.F) {
	for _, same := range spellings {
		for _, s := range same {
			f.Add(s)
		}
	}
	f.Add("a@xn--.\u200d.ß。\xff")
	f.Fuzz(func(t *testing.T, s string) {
		own := table.CanonicalEmail(s)
		for _, form := range people.AlikeEmails(s) {
			if form == own || !strings.Contains(form, "@") || strings.HasSuffix(form, "@") {
				t.Errorf("%q of %q", form, s)
			}
		}
	})
}
