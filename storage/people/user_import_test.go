package people_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func entry(s *store.Store, externalID, username, email string) people.UserImport {
	e := people.UserImport{ID: s.Users.NewID()}
	e.Change.Username, e.Change.Email = &username, &email
	if externalID != "" {
		e.Change.ExternalID = &externalID
	}
	return e
}

func importUsers(t *testing.T, s *store.Store, o people.UserImportOptions,
	entries ...people.UserImport) []people.UserImported {
	t.Helper()
	done, err := s.Users.Import(t.Context(), storage.Operator, o, entries)
	if err != nil || len(done) != len(entries) {
		t.Fatal(done, err)
	}
	return done
}

func outcomes(done []people.UserImported) (all []string) {
	for _, d := range done {
		word := string(d.Outcome)
		if d.Err != nil {
			word += ": " + d.Err.Error()
		}
		all = append(all, word)
	}
	return all
}

func TestExternalIDIsUniqueAndFindsItsUserLast(t *testing.T) {
	s, _ := storetest.NewStore(t)
	importUsers(t, s, people.UserImportOptions{}, entry(s, "42", "ada", ""), entry(s, "ada", "bob", ""),
		entry(s, "Ada", "eve", ""))
	for name, want := range map[string]string{"42": "ada", "ada": "ada", "Ada": "ada", "bob": "bob"} {
		if u, err := s.Users.Find(t.Context(), name); err != nil || u.Username != want {
			t.Errorf("%q finds %+v, %v", name, u, err)
		}
	}
	if _, err := s.Users.ByLogin(t.Context(), "42"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("an external id signs in: %v", err)
	}
	_, err := s.Users.Create(t.Context(), storage.Operator, people.User{Username: "other", ExternalID: "42"})
	if taken := new(storage.Taken); !errors.As(err, &taken) || taken.Field != "external_id" {
		t.Error(err)
	}
	u, _ := s.Users.Find(t.Context(), "42")
	none := ""
	if _, err := s.Users.Change(t.Context(), storage.Operator, u.ID, people.UserChange{ExternalID: &none}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Users.Find(t.Context(), "42"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("an external id given up still finds: %v", err)
	}
}

func TestExternalIDMayLookLikeAnID(t *testing.T) {
	s, _ := storetest.NewStore(t)
	const id = "019b0000-0000-7000-8000-00000000002a"
	importUsers(t, s, people.UserImportOptions{}, entry(s, id, "ada", ""))
	if u, err := s.Users.Find(t.Context(), id); err != nil || u.Username != "ada" {
		t.Error(u, err)
	}
}

func TestEachEntryIsTakenWholeOrRefusedWhole(t *testing.T) {
	s, _ := storetest.NewStore(t)
	importUsers(t, s, people.UserImportOptions{}, entry(s, "0", "taken", "taken@example.org"))
	done := importUsers(t, s, people.UserImportOptions{},
		entry(s, "1", "ada", "ada@example.org"), entry(s, "2", "bob", "TAKEN@example.org"), entry(s, "3", "a b", ""),
		entry(s, "1", "eve", ""), entry(s, "", "Ada", ""), entry(s, "6", "zoe", "zoe@example.org"),
		entry(s, "7", "", ""))
	want := []string{"created", "refused: email is already taken", "refused: username must not hold spaces",
		"refused: external_id is already taken", "refused: username is already taken", "created",
		"refused: username must be 1 to 64 bytes long"}
	if got := outcomes(done); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := storetest.Usernames(t, s); !slices.Equal(got, []string{"ada", "taken", "zoe"}) {
		t.Errorf("kept %q", got)
	}
}

func TestUpdateChangesWhatIsNamedAndRepeatingItChangesNothing(t *testing.T) {
	s, now := storetest.NewStore(t)
	first := entry(s, "1", "ada", "ada@example.org")
	verified, roles := true, []storage.Role{storage.RoleAdmin}
	first.Change.EmailVerified, first.Change.Roles, first.Password = &verified, &roles, []byte("sealed")
	importUsers(t, s, people.UserImportOptions{Update: true}, first)
	before, _ := s.Users.Find(t.Context(), "ada")
	*now = now.Add(time.Hour)

	same := entry(s, "1", "ada", "ada@example.org")
	same.ID, same.Password = before.ID, []byte("an older one")
	if got := importUsers(t, s, people.UserImportOptions{Update: true}, same); got[0].Outcome != table.Unchanged {
		t.Errorf("%q", outcomes(got))
	}
	after, _ := s.Users.Get(t.Context(), before.ID)
	if after.Epoch != before.Epoch || !after.Updated.Equal(before.Updated) || string(after.Password) != "sealed" ||
		!after.EmailVerified || !after.IsAdmin() {
		t.Errorf("%+v", after)
	}
	events, _, _ := s.Audit.OfUser(t.Context(), before.ID, nil, 100)
	if len(events) != 1 {
		t.Errorf("%d events of one change", len(events))
	}

	moved := entry(s, "1", "lovelace", "l@example.org")
	if got := importUsers(t, s, people.UserImportOptions{Update: true}, moved); got[0].Outcome != table.Changed {
		t.Errorf("%q", outcomes(got))
	}
	after, _ = s.Users.Get(t.Context(), before.ID)
	if after.Username != "lovelace" || after.EmailVerified || !after.IsAdmin() || string(after.Password) != "sealed" {
		t.Errorf("%+v", after)
	}
}

func TestRefusedUpdateLeavesNothingBehind(t *testing.T) {
	s, _ := storetest.NewStore(t)
	importUsers(t, s, people.UserImportOptions{}, entry(s, "1", "ada", "ada@example.org"),
		entry(s, "2", "bob", "bob@example.org"))
	done := importUsers(t, s, people.UserImportOptions{Update: true},
		entry(s, "1", "lovelace", "bob@example.org"), entry(s, "2", "ADA", ""), entry(s, "3", "lovelace", ""))
	if got := outcomes(done); !slices.Equal(got,
		[]string{"refused: email is already taken", "refused: username is already taken", "created"}) {
		t.Errorf("%q", got)
	}
	if got := storetest.Usernames(t, s); !slices.Equal(got, []string{"ada", "bob", "lovelace"}) {
		t.Errorf("%q", got)
	}
}

func TestPasswordIsReplacedOnlyIfToldAndThenEndsSessions(t *testing.T) {
	s, _ := storetest.NewStore(t)
	first := entry(s, "1", "ada", "")
	importUsers(t, s, people.UserImportOptions{}, first)
	set := func(password string, o people.UserImportOptions) *people.User {
		e := first
		e.Password = []byte(password)
		return importUsers(t, s, o, e)[0].User
	}
	if u := set("one", people.UserImportOptions{Update: true}); string(u.Password) != "one" ||
		u.PasswordChanged.IsZero() {
		t.Errorf("the first password: %+v", u)
	}
	if u := set("two", people.UserImportOptions{Update: true}); string(u.Password) != "one" {
		t.Errorf("replaced without being told: %+v", u)
	}
	before, _ := s.Users.Get(t.Context(), first.ID)
	if u := set("two", people.UserImportOptions{Update: true,
		ReplacePasswords: true}); string(u.Password) != "two" || u.Epoch != before.Epoch+1 {
		t.Errorf("not replaced: %+v", u)
	}
	other := entry(s, "1", "ada", "")
	other.Password = []byte("bound to another id")
	if got := importUsers(t, s, people.UserImportOptions{Update: true, ReplacePasswords: true},
		other); !errors.Is(got[0].Err, storage.ErrStale) {
		t.Errorf("a password bound to another id: %q", outcomes(got))
	}
}

func TestImportKeepsAnAdministrator(t *testing.T) {
	s, _ := storetest.NewStore(t)
	e := entry(s, "1", "ada", "")
	roles, yes := []storage.Role{storage.RoleAdmin}, true
	e.Change.Roles = &roles
	importUsers(t, s, people.UserImportOptions{}, e)
	e.Disabled = &yes
	if got := importUsers(t, s, people.UserImportOptions{Update: true}, e); got[0].Outcome != table.Refused {
		t.Errorf("%q", outcomes(got))
	}
}

func TestDisablingByImportEndsSessions(t *testing.T) {
	s, _ := storetest.NewStore(t)
	e := entry(s, "1", "ada", "")
	importUsers(t, s, people.UserImportOptions{}, e)
	yes := true
	e.Disabled = &yes
	for _, want := range []table.Outcome{table.Changed, table.Unchanged} {
		got := importUsers(t, s, people.UserImportOptions{Update: true}, e)
		if got[0].Outcome != want || !got[0].User.Disabled || got[0].User.Epoch != 1 {
			t.Errorf("%q %+v", outcomes(got), got[0].User)
		}
	}
}

func TestDryRunSaysWhatWouldHappenAndKeepsNothing(t *testing.T) {
	s, _ := storetest.NewStore(t)
	done := importUsers(t, s, people.UserImportOptions{DryRun: true}, entry(s, "1", "ada", ""),
		entry(s, "2", "ada", ""))
	if got := outcomes(done); !slices.Equal(got, []string{"created", "refused: username is already taken"}) {
		t.Errorf("%q", got)
	}
	if got := storetest.Usernames(t, s); len(got) != 0 {
		t.Errorf("kept %q", got)
	}
}

func TestImportIsForAdministratorsAndBounded(t *testing.T) {
	s, _ := storetest.NewStore(t)
	e := entry(s, "1", "ada", "")
	if _, err := s.Users.Import(t.Context(), storage.Actor{Via: storage.ViaPage}, people.UserImportOptions{},
		[]people.UserImport{e}); !errors.Is(err, storage.ErrForbidden) {
		t.Error(err)
	}
	many := make([]people.UserImport, people.UserImportMost+1)
	if _, err := s.Users.Import(t.Context(), storage.Operator, people.UserImportOptions{}, many); err == nil {
		t.Error("too many were taken")
	}
}

// The largest entries there can be still fit into one transaction.
func TestLargestImportFitsIntoATransaction(t *testing.T) {
	s, _ := storetest.NewStore(t)
	long := func(n int) string { return fmt.Sprintf("%0*d", n, 7) }
	p := people.Profile{Name: long(512), GivenName: long(512), FamilyName: long(512), MiddleName: long(512),
		Nickname: long(512),
		Gender:   long(512), PhoneNumber: long(30),
		Address: people.Address{StreetAddress: long(512), Locality: long(512), Region: long(512), Country: long(512)}}
	var entries []people.UserImport
	for i := range people.UserImportMost {
		e := entry(s, fmt.Sprint(i)+long(200), fmt.Sprint("u", i), fmt.Sprintf("u%d@example.org", i))
		e.Change.Profile, e.Password = &p, make([]byte, 400)
		entries = append(entries, e)
	}
	for i, got := range outcomes(importUsers(t, s, people.UserImportOptions{}, entries...)) {
		if got != "created" {
			t.Fatalf("entry %d: %s", i, got)
		}
	}
}
