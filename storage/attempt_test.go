package storage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func (h *house) attempt(name string, u *User, browser string) time.Duration {
	h.t.Helper()
	return need(h.Attempts.Count(h.ctx, name, u, []byte(browser)))(h)
}

func TestTenFailuresThenPausesThatDoubleFromAMinuteToAnHour(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for _, user := range []*User{u, nil} {
		for i := range 10 {
			if wait := h.attempt("ada", user, ""); wait != 0 {
				t.Fatalf("attempt %d waits %v", i+1, wait)
			}
			h.clock.add(time.Second)
		}
		h.clock.add(-time.Second)
		for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			want := minutes * time.Minute
			for range 2 { // asking again costs nothing
				if wait := h.attempt("ada", user, ""); wait != want {
					t.Errorf("waits %v, want %v", wait, want)
				}
			}
			h.clock.add(want - time.Second)
			if wait := h.attempt("ada", user, ""); wait != time.Second {
				t.Errorf("a second before: waits %v", wait)
			}
			h.clock.add(time.Second)
			if wait := h.attempt("ada", user, ""); wait != 0 {
				t.Errorf("after the pause: waits %v", wait)
			}
		}
		h.clock.add(24 * time.Hour)
		for i := range 10 {
			if wait := h.attempt("ada", user, ""); wait != 0 {
				t.Errorf("after a quiet day attempt %d waits %v", i+1, wait)
			}
		}
	}
}

// Whoever guesses for days, as fast as it is allowed, makes an attempt an hour.
func TestGuessingAtOneAccountDoesNotGoOnFast(t *testing.T) {
	h := newHouse(t)
	u, tries := h.user("ada"), 0
	for end := h.clock.Now().Add(7 * day); h.clock.Now().Before(end); {
		if wait := h.attempt("ada", u, "stranger"); wait > 0 {
			h.clock.add(wait)
		} else {
			tries++
		}
	}
	if tries > 10+6+7*24 {
		t.Errorf("%d tries in a week", tries)
	}
}

func TestAClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for range 11 {
		h.attempt("ada", u, "")
	}
	h.clock.add(-day)
	if wait := h.attempt("ada", u, ""); wait != 0 {
		t.Fatalf("waits %v", wait)
	}
	if wait := h.attempt("ada", u, ""); wait != 2*time.Minute {
		t.Errorf("then waits %v", wait)
	}
}

// Attempts made at once get their instants before their turns.
func TestAnAttemptThatOthersOvertookIsNoClockSetBack(t *testing.T) {
	h := newHouse(t)
	for _, u := range []*User{h.user("ada"), nil} {
		for range 10 {
			h.attempt("ada", u, "")
		}
		h.clock.add(-2 * time.Second)
		for range 2 {
			if wait := h.attempt("ada", u, ""); wait != time.Minute {
				t.Errorf("of %v: waits %v", u, wait)
			}
		}
	}
	h = newHouse(t)
	u := h.user("ada")
	for range 9 {
		h.attempt("ada", u, "")
	}
	h.clock.add(-2 * time.Second) // before the row began
	if wait := h.attempt("ada", u, ""); wait != 0 {
		t.Errorf("the tenth waits %v", wait)
	}
	h.clock.add(2 * time.Second)
	if wait := h.attempt("ada", u, ""); wait != time.Minute {
		t.Errorf("the eleventh waits %v", wait)
	}
}

func TestAttemptsAtOnceCannotAllPass(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		u := h.user("ada")
		for name, user := range map[string]*User{"ada": u, "nobody": nil} {
			got := h.atOnce(50, func(int) string {
				wait, err := h.Attempts.Count(h.ctx, name, user, nil)
				if err == nil && wait > 0 {
					return "waits"
				}
				return outcome(err)
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
	h := newHouse(t)
	const some = 500
	for i := range some {
		for range 10 {
			h.attempt(fmt.Sprint("waiting", i), nil, "")
		}
	}
	for i := range 10 * 60 * 50 * 2 { // two cores hashing for ten minutes
		h.attempt(fmt.Sprint("nobody", i), nil, "")
	}
	forgotten := 0
	for i := range some {
		if h.attempt(fmt.Sprint("waiting", i), nil, "") == 0 {
			forgotten++
		}
		if wait := h.attempt(fmt.Sprint("somebody", i), nil, ""); wait > 0 {
			t.Fatalf("the name %d waits %v at its first attempt", i, wait)
		}
	}
	if forgotten > some/100 {
		t.Errorf("%d of %d names that waited are forgotten", forgotten, some)
	}
}

func TestABrowserThatSignedInBeforeHasACounterOfItsOwn(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	signIn := func(browser string) {
		need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte(browser)}))(h)
	}
	signIn("home")
	for range 10 {
		h.attempt("ada", u, "stranger")
	}
	if h.attempt("ada", u, "stranger") == 0 || h.attempt("ada", u, "") == 0 {
		t.Error("strangers are not slowed down")
	}
	for range 10 {
		if wait := h.attempt("ada", u, "home"); wait != 0 {
			t.Fatalf("strangers make the owner wait %v", wait)
		}
	}
	if h.attempt("ada", u, "home") == 0 {
		t.Error("the known browser may guess forever")
	}
	for _, b := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		signIn(b)
	}
	if h.attempt("ada", u, "8") != 0 || h.attempt("ada", u, "1") != 0 {
		t.Error("a browser of the last eight is not known")
	}
	for range 10 {
		h.attempt("ada", u, "home") // forgotten: now a stranger
	}
	if h.attempt("ada", u, "other stranger") == 0 {
		t.Error("a ninth browser is remembered")
	}
}

func TestSuccessTakesTheBrowsersFailuresBack(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for round := range 3 {
		for range 9 {
			h.attempt("ada", u, "new")
		}
		if wait := h.attempt("ada", u, "new"); wait != 0 {
			t.Fatalf("round %d: waits %v", round, wait)
		}
		need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("new")}))(h)
		if wait := h.attempt("ada", u, "another"); wait != 0 {
			t.Fatalf("round %d: another browser waits %v for the failures of this one", round, wait)
		}
	}
}

// Lockout must not tell whether an account exists: over any history of attempts
// the answers for a name without one are those for a name with one.
func TestANameWithoutAnAccountIsAnsweredLikeOneWithAnAccount(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	rapid.Check(t, func(t *rapid.T) {
		h.clock.add(24 * time.Hour) // both rows are over
		for range rapid.IntRange(1, 60).Draw(t, "attempts") {
			h.clock.add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 30, 59, 60, 61, 300, 900, 3600, 86399, 86400}).Draw(t, "later")) * time.Second)
			if known, unknown := h.attempt("ada", u, ""), h.attempt("nobody", nil, ""); known != unknown {
				t.Fatalf("waits %v with an account, %v without", known, unknown)
			}
		}
	})
}

func TestANameHasOneCounterWhateverItsSpelling(t *testing.T) {
	h := newHouse(t)
	for _, spellings := range [][]string{spellingsOfAda, spellingsOfZoe, spellingsOfEmail} {
		for i := range 10 {
			if wait := h.attempt(spellings[i%len(spellings)], nil, ""); wait != 0 {
				t.Fatalf("attempt %d waits %v", i+1, wait)
			}
		}
		for _, name := range spellings {
			if h.attempt(name, nil, "") == 0 {
				t.Errorf("%q has a counter of its own", name)
			}
		}
	}
}

func TestAnAccountHasOneCounterWhateverItIsReachedBy(t *testing.T) {
	h := newHouse(t)
	need(h.Users.Create(h.ctx, Operator, User{Username: "zoé", Email: spellingsOfEmail[0]}))(h)
	logins := slices.Concat(spellingsOfZoe, spellingsOfEmail)
	for _, name := range logins[:10] {
		if wait := h.attempt(name, need(h.Users.ByLogin(h.ctx, name))(h), name); wait != 0 {
			t.Fatalf("%q waits %v", name, wait)
		}
	}
	for _, name := range logins {
		if h.attempt(name, need(h.Users.ByLogin(h.ctx, name))(h), name) == 0 {
			t.Errorf("%q has a counter of its own", name)
		}
	}
}

func TestTheCounterOfAnAccountSurvivesARestart(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for range 10 {
		h.attempt("ada", u, "")
	}
	again := h.reopened(t)
	if wait := again.attempt("ada", u, ""); wait != time.Minute {
		t.Errorf("after a restart: waits %v", wait)
	}
}

func TestAttemptsOnNamesWithoutAnAccountWriteNothing(t *testing.T) {
	h := newHouse(t)
	if n := h.commits(func() {
		for i := range 1000 {
			h.attempt("nobody"+string(rune('a'+i%26)), nil, "browser")
		}
	}); n != 0 {
		t.Errorf("%d commits", n)
	}
}

func TestRecoveryIsNotBehindTheGuessingOfOthers(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for range 10 {
		h.attempt("ada", u, "stranger")
	}
	need(h.Links.Create(h.ctx, Operator, LinkRecovery, u.ID, []byte("link")))(h)
	need(h.Links.Recover(h.ctx, []byte("link"), "", []byte("new"), []byte("phone")))(h)
	if wait := h.attempt("ada", u, "phone"); wait != 0 {
		t.Errorf("after recovery its owner waits %v", wait)
	}
	if h.attempt("ada", u, "stranger") == 0 {
		t.Error("the stranger does not wait any more")
	}
}

// detailsOf are the details of the acts of one kind that the audit trail has of a user.
func (h *house) detailsOf(act Act, u *User) (details []string) {
	events, _, err := h.Audit.OfUser(h.ctx, u.ID, nil, 100)
	h.ok(err)
	for _, e := range events {
		if e.Act == act {
			details = append(details, e.Detail)
		}
	}
	return details
}

// guess makes attempts from a stranger, waiting as long as it takes.
func (h *house) guess(u *User, n int) {
	for n > 0 {
		if wait := h.attempt("ada", u, "stranger"); wait > 0 {
			h.clock.add(wait)
		} else {
			n--
		}
	}
}

func TestAfterAHundredFailuresInARowTheOwnerIsTold(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	start, by := h.clock.Now(), u.Actor(ViaPage, "")
	told := func() *Guessing { return need(h.Attempts.Guessed(h.ctx, by, u.ID))(h).Told }
	h.guess(u, 99)
	if got := told(); got != nil {
		t.Fatalf("after 99: %+v", got)
	}
	h.guess(u, 1)
	if got := told(); got == nil || got.Failures != 100 || !got.Start.Equal(start.Truncate(time.Second)) || !got.Last.Equal(h.clock.Now().Truncate(time.Second)) {
		t.Fatalf("after 100: %+v", got)
	}
	if got := h.detailsOf(ActGuessing, u); !slices.Equal(got, []string{"100 wrong passwords in a row"}) {
		t.Errorf("%q", got)
	}
	need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("stranger")}))(h)
	if told() == nil {
		t.Error("a right guess hides the wrong ones")
	}
	h.ok(h.Attempts.PutAside(h.ctx, by))
	if told() != nil {
		t.Error("it is told again")
	}
}

func TestAnAdministratorSeesTheGuessingAndEndsTheWait(t *testing.T) {
	h := newHouse(t)
	u, eve := h.user("ada"), h.user("eve")
	need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("home")}))(h)
	for range 10 {
		h.attempt("ada", u, "stranger")
		h.attempt("ada", u, "home")
	}
	for _, by := range []Actor{Operator, u.Actor(ViaPage, "")} {
		if got := need(h.Attempts.Guessed(h.ctx, by, u.ID))(h); got.Now.Failures != 10 || got.Told != nil || !got.Until.Equal(h.clock.Now().Truncate(time.Second).Add(time.Minute)) {
			t.Errorf("%+v", got)
		}
	}
	_, err := h.Attempts.Guessed(h.ctx, eve.Actor(ViaPage, ""), u.ID)
	wantErr(t, err, ErrForbidden)
	wantErr(t, h.Attempts.Unlock(h.ctx, u.Actor(ViaPage, ""), u.ID), ErrForbidden)
	wantErr(t, h.Attempts.Unlock(h.ctx, Operator, h.Users.NewID()), ErrNotFound)
	h.ok(h.Attempts.Unlock(h.ctx, Operator, u.ID))
	for _, browser := range []string{"stranger", "home"} {
		if wait := h.attempt("ada", u, browser); wait != 0 {
			t.Errorf("%s waits %v", browser, wait)
		}
	}
	if got := h.detailsOf(ActUserUnlocked, u); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
