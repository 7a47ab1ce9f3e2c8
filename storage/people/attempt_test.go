package people_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
	"pgregory.net/rapid"
)

func TestTenFailuresThenPausesThatDoubleFromAMinuteToAnHour(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	for _, user := range []*people.User{u, nil} {
		for i := range 10 {
			if wait := h.Attempt("ada", user, ""); wait != 0 {
				t.Fatalf("attempt %d waits %v", i+1, wait)
			}
			h.Clock.Add(time.Second)
		}
		h.Clock.Add(-time.Second)
		for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			want := minutes * time.Minute
			for range 2 { // asking again costs nothing
				if wait := h.Attempt("ada", user, ""); wait != want {
					t.Errorf("waits %v, want %v", wait, want)
				}
			}
			h.Clock.Add(want - time.Second)
			if wait := h.Attempt("ada", user, ""); wait != time.Second {
				t.Errorf("a second before: waits %v", wait)
			}
			h.Clock.Add(time.Second)
			if wait := h.Attempt("ada", user, ""); wait != 0 {
				t.Errorf("after the pause: waits %v", wait)
			}
		}
		h.Clock.Add(24 * time.Hour)
		for i := range 10 {
			if wait := h.Attempt("ada", user, ""); wait != 0 {
				t.Errorf("after a quiet day attempt %d waits %v", i+1, wait)
			}
		}
	}
}

// Whoever guesses for days, as fast as it is allowed, makes an attempt an hour.
func TestGuessingAtOneAccountDoesNotGoOnFast(t *testing.T) {
	h := storetest.NewHouse(t)
	u, tries := h.User("ada"), 0
	for end := h.Clock.Now().Add(7 * storetest.Day); h.Clock.Now().Before(end); {
		if wait := h.Attempt("ada", u, "stranger"); wait > 0 {
			h.Clock.Add(wait)
		} else {
			tries++
		}
	}
	if tries > 10+6+7*24 {
		t.Errorf("%d tries in a week", tries)
	}
}

func TestAClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	for range 11 {
		h.Attempt("ada", u, "")
	}
	h.Clock.Add(-storetest.Day)
	if wait := h.Attempt("ada", u, ""); wait != 0 {
		t.Fatalf("waits %v", wait)
	}
	if wait := h.Attempt("ada", u, ""); wait != 2*time.Minute {
		t.Errorf("then waits %v", wait)
	}
}

// Attempts made at once get their instants before their turns.
func TestAnAttemptThatOthersOvertookIsNoClockSetBack(t *testing.T) {
	h := storetest.NewHouse(t)
	for _, u := range []*people.User{h.User("ada"), nil} {
		for range 10 {
			h.Attempt("ada", u, "")
		}
		h.Clock.Add(-2 * time.Second)
		for range 2 {
			if wait := h.Attempt("ada", u, ""); wait != time.Minute {
				t.Errorf("of %v: waits %v", u, wait)
			}
		}
	}
	h = storetest.NewHouse(t)
	u := h.User("ada")
	for range 9 {
		h.Attempt("ada", u, "")
	}
	h.Clock.Add(-2 * time.Second) // before the row began
	if wait := h.Attempt("ada", u, ""); wait != 0 {
		t.Errorf("the tenth waits %v", wait)
	}
	h.Clock.Add(2 * time.Second)
	if wait := h.Attempt("ada", u, ""); wait != time.Minute {
		t.Errorf("the eleventh waits %v", wait)
	}
}

func TestAttemptsAtOnceCannotAllPass(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		u := h.User("ada")
		for name, user := range map[string]*people.User{"ada": u, "nobody": nil} {
			got := h.AtOnce(50, func(int) string {
				wait, err := h.Attempts.Count(h.Ctx, name, user, nil)
				if err == nil && wait > 0 {
					return "waits"
				}
				return storetest.Outcome(err)
			})
			if got["done"] != 10 || got["waits"] != 40 {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}

// What is kept of names of nobody is kept in memory of a fixed size. Guessing at many names
// must neither make a fresh one wait nor let one that waits go on, or it would tell which
// names are somebody's.
func TestGuessingAtManyNamesDoesNotTellWhichOnesExist(t *testing.T) {
	h := storetest.NewHouse(t)
	const some = 500
	for i := range some {
		for range 10 {
			h.Attempt(fmt.Sprint("waiting", i), nil, "")
		}
	}
	for i := range 10 * 60 * 50 * 2 { // two cores hashing for ten minutes
		h.Attempt(fmt.Sprint("nobody", i), nil, "")
	}
	forgotten := 0
	for i := range some {
		if h.Attempt(fmt.Sprint("waiting", i), nil, "") == 0 {
			forgotten++
		}
		if wait := h.Attempt(fmt.Sprint("somebody", i), nil, ""); wait > 0 {
			t.Fatalf("the name %d waits %v at its first attempt", i, wait)
		}
	}
	if forgotten > some/100 {
		t.Errorf("%d of %d names that waited are forgotten", forgotten, some)
	}
}

func TestABrowserThatSignedInBeforeHasACounterOfItsOwn(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	signIn := func(browser string) {
		storetest.Need(h.Sessions.Start(h.Ctx,
			people.NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte(browser)}))(h)
	}
	signIn("home")
	for range 10 {
		h.Attempt("ada", u, "stranger")
	}
	if h.Attempt("ada", u, "stranger") == 0 || h.Attempt("ada", u, "") == 0 {
		t.Error("strangers are not slowed down")
	}
	for range 10 {
		if wait := h.Attempt("ada", u, "home"); wait != 0 {
			t.Fatalf("strangers make the owner wait %v", wait)
		}
	}
	if h.Attempt("ada", u, "home") == 0 {
		t.Error("the known browser may guess forever")
	}
	for _, b := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		signIn(b)
	}
	if h.Attempt("ada", u, "8") != 0 || h.Attempt("ada", u, "1") != 0 {
		t.Error("a browser of the last eight is not known")
	}
	for range 10 {
		h.Attempt("ada", u, "home") // forgotten: now a stranger
	}
	if h.Attempt("ada", u, "other stranger") == 0 {
		t.Error("a ninth browser is remembered")
	}
}

func TestSuccessTakesTheBrowsersFailuresBack(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	for round := range 3 {
		for range 9 {
			h.Attempt("ada", u, "new")
		}
		if wait := h.Attempt("ada", u, "new"); wait != 0 {
			t.Fatalf("round %d: waits %v", round, wait)
		}
		storetest.Need(h.Sessions.Start(h.Ctx,
			people.NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("new")}))(h)
		if wait := h.Attempt("ada", u, "another"); wait != 0 {
			t.Fatalf("round %d: another browser waits %v for the failures of this one", round, wait)
		}
	}
}

// Lockout must not tell whether an account exists: over any history of attempts
// the answers for a name without one are those for a name with one.
func TestANameWithoutAnAccountIsAnsweredLikeOneWithAnAccount(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	rapid.Check(t, func(t *rapid.T) {
		h.Clock.Add(24 * time.Hour) // both rows are over
		for range rapid.IntRange(1, 60).Draw(t, "attempts") {
			h.Clock.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 30, 59, 60, 61, 300, 900, 3600, 86399,
				86400}).Draw(t, "later")) * time.Second)
			if known, unknown := h.Attempt("ada", u, ""), h.Attempt("nobody", nil, ""); known != unknown {
				t.Fatalf("waits %v with an account, %v without", known, unknown)
			}
		}
	})
}

func TestANameHasOneCounterWhateverItsSpelling(t *testing.T) {
	h := storetest.NewHouse(t)
	for _, spellings := range [][]string{spellingsOfAda, spellingsOfZoe, spellingsOfEmail} {
		for i := range 10 {
			if wait := h.Attempt(spellings[i%len(spellings)], nil, ""); wait != 0 {
				t.Fatalf("attempt %d waits %v", i+1, wait)
			}
		}
		for _, name := range spellings {
			if h.Attempt(name, nil, "") == 0 {
				t.Errorf("%q has a counter of its own", name)
			}
		}
	}
}

func TestAnAccountHasOneCounterWhateverItIsReachedBy(t *testing.T) {
	h := storetest.NewHouse(t)
	storetest.Need(h.Users.Create(h.Ctx, storage.Operator, people.User{Username: "zoé", Email: spellingsOfEmail[0]}))(h)
	logins := slices.Concat(spellingsOfZoe, spellingsOfEmail)
	for _, name := range logins[:10] {
		if wait := h.Attempt(name, storetest.Need(h.Users.ByLogin(h.Ctx, name))(h), name); wait != 0 {
			t.Fatalf("%q waits %v", name, wait)
		}
	}
	for _, name := range logins {
		if h.Attempt(name, storetest.Need(h.Users.ByLogin(h.Ctx, name))(h), name) == 0 {
			t.Errorf("%q has a counter of its own", name)
		}
	}
}

func TestTheCounterOfAnAccountSurvivesARestart(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	for range 10 {
		h.Attempt("ada", u, "")
	}
	again := h.Reopened(t)
	if wait := again.Attempt("ada", u, ""); wait != time.Minute {
		t.Errorf("after a restart: waits %v", wait)
	}
}

func TestAttemptsOnNamesWithoutAnAccountWriteNothing(t *testing.T) {
	h := storetest.NewHouse(t)
	if n := h.Commits(func() {
		for i := range 1000 {
			h.Attempt("nobody"+string(rune('a'+i%26)), nil, "browser")
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
}

func TestRecoveryIsNotBehindTheGuessingOfOthers(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	for range 10 {
		h.Attempt("ada", u, "stranger")
	}
	storetest.Need(h.Links.Create(h.Ctx, storage.Operator, people.LinkRecovery, u.ID, []byte("link")))(h)
	storetest.Need(h.Links.Recover(h.Ctx, []byte("link"), "", []byte("new"), []byte("phone")))(h)
	if wait := h.Attempt("ada", u, "phone"); wait != 0 {
		t.Errorf("after recovery its owner waits %v", wait)
	}
	if h.Attempt("ada", u, "stranger") == 0 {
		t.Error("the stranger does not wait any more")
	}
}

func TestAfterAHundredFailuresInARowTheOwnerIsTold(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	start, by := h.Clock.Now(), u.Actor(storage.ViaPage, "")
	told := func() *people.Guessing { return storetest.Need(h.Attempts.Guessed(h.Ctx, by, u.ID))(h).Told }
	h.Guess(u, 99)
	if got := told(); got != nil {
		t.Fatalf("after 99: %+v", got)
	}
	h.Guess(u, 1)
	if got := told(); got == nil || got.Failures != 100 || !got.Start.Equal(start.Truncate(time.Second)) ||
		!got.Last.Equal(h.Clock.Now().Truncate(time.Second)) {
		t.Fatalf("after 100: %+v", got)
	}
	if got := h.DetailsOf(audit.ActGuessing, u); !slices.Equal(got, []string{"100 wrong passwords in a row"}) {
		t.Errorf("%q", got)
	}
	storetest.Need(h.Sessions.Start(h.Ctx,
		people.NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("stranger")}))(h)
	if told() == nil {
		t.Error("a right guess hides the wrong ones")
	}
	h.Ok(h.Attempts.PutAside(h.Ctx, by))
	if told() != nil {
		t.Error("it is told again")
	}
}

func TestAnAdministratorSeesTheGuessingAndEndsTheWait(t *testing.T) {
	h := storetest.NewHouse(t)
	u, eve := h.User("ada"), h.User("eve")
	storetest.Need(h.Sessions.Start(h.Ctx,
		people.NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("home")}))(h)
	for range 10 {
		h.Attempt("ada", u, "stranger")
		h.Attempt("ada", u, "home")
	}
	for _, by := range []storage.Actor{storage.Operator, u.Actor(storage.ViaPage, "")} {
		if got := storetest.Need(h.Attempts.Guessed(h.Ctx, by, u.ID))(h); got.Now.Failures != 10 ||
			got.Told != nil || !got.Until.Equal(h.Clock.Now().Truncate(time.Second).Add(time.Minute)) {
			t.Errorf("%+v", got)
		}
	}
	_, err := h.Attempts.Guessed(h.Ctx, eve.Actor(storage.ViaPage, ""), u.ID)
	storetest.WantErr(t, err, storage.ErrForbidden)
	storetest.WantErr(t, h.Attempts.Unlock(h.Ctx, u.Actor(storage.ViaPage, ""), u.ID), storage.ErrForbidden)
	storetest.WantErr(t, h.Attempts.Unlock(h.Ctx, storage.Operator, h.Users.NewID()), storage.ErrNotFound)
	h.Ok(h.Attempts.Unlock(h.Ctx, storage.Operator, u.ID))
	for _, browser := range []string{"stranger", "home"} {
		if wait := h.Attempt("ada", u, browser); wait != 0 {
			t.Errorf("%s waits %v", browser, wait)
		}
	}
	if got := h.DetailsOf(audit.ActUserUnlocked, u); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
