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

func TestTenAttemptsInFifteenMinutesThenOneAMinute(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for i := range 10 {
		if wait := h.attempt("ada", u, ""); wait != 0 {
			t.Fatalf("attempt %d waits %v", i+1, wait)
		}
		h.clock.add(time.Second)
	}
	for _, c := range []struct{ later, want time.Duration }{
		{0, 59 * time.Second}, {0, 59 * time.Second}, // asking again costs nothing
		{58 * time.Second, time.Second}, {time.Second, 0}, {0, time.Minute},
		{time.Minute, 0}, {30 * time.Second, 30 * time.Second}, {30 * time.Second, 0},
	} {
		h.clock.add(c.later)
		if wait := h.attempt("ada", u, ""); wait != c.want {
			t.Errorf("%v later: waits %v, want %v", c.later, wait, c.want)
		}
	}
	h.clock.add(15 * time.Minute)
	for i := range 10 {
		if wait := h.attempt("ada", u, ""); wait != 0 {
			t.Errorf("in the next window attempt %d waits %v", i+1, wait)
		}
	}
}

func TestAClockThatIsSetBackDoesNotLengthenTheWindow(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	for range 11 {
		h.attempt("ada", u, "")
	}
	h.clock.add(-day)
	for i := range 10 {
		if wait := h.attempt("ada", u, ""); wait != 0 {
			t.Fatalf("attempt %d waits %v", i+1, wait)
		}
	}
	if wait := h.attempt("ada", u, ""); wait != time.Minute {
		t.Errorf("waits %v", wait)
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
	h.clock.add(-2 * time.Second) // before the window began
	if wait := h.attempt("ada", u, ""); wait != 0 {
		t.Errorf("the tenth waits %v", wait)
	}
	h.clock.add(2 * time.Second)
	if wait := h.attempt("ada", u, ""); wait != time.Minute {
		t.Errorf("the eleventh waits %v", wait)
	}
}

func TestTheWaitNeverOutlastsTheWindow(t *testing.T) {
	h := newHouse(t)
	set := need(h.Settings.Get(h.ctx))(h)
	set.Throttle = Throttle{Failures: 3, Window: 60, Pause: 3600}
	h.ok(h.Settings.Set(h.ctx, Operator, set))
	u := h.user("ada")
	for range 3 {
		h.attempt("ada", u, "")
	}
	h.clock.add(20 * time.Second)
	if wait := h.attempt("ada", u, ""); wait != 40*time.Second {
		t.Errorf("waits %v", wait)
	}
	h.clock.add(40 * time.Second)
	if wait := h.attempt("ada", u, ""); wait != 0 {
		t.Errorf("waits %v", wait)
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

// A name of nobody waits at its first attempt if its slot is full. So many slots must
// not be full in one window that this tells which names are somebody's.
func TestGuessingAtManyNamesDoesNotTellWhichOnesExist(t *testing.T) {
	var s tally
	th, now := DefaultSettings().Throttle, newClock().Now()
	for i := range 15 * 60 * 50 * 2 { // two cores hashing for a whole window
		s.count(fmt.Sprint("nobody", i), th, now)
	}
	for i := range 1000 {
		if s.count(fmt.Sprint("somebody", i), th, now) > 0 {
			t.Fatalf("the name %d waits at its first attempt", i)
		}
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
		h.clock.add(time.Hour) // both windows are over
		for range rapid.IntRange(1, 60).Draw(t, "attempts") {
			h.clock.add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 30, 59, 60, 61, 300, 900}).Draw(t, "later")) * time.Second)
			if known, unknown := h.attempt("ada", u, ""), h.attempt("nobody", nil, ""); known != unknown {
				t.Fatalf("waits %v with an account, %v without", known, unknown)
			}
		}
	})
}

func TestANameHasOneCounterWhateverItsSpelling(t *testing.T) {
	for _, spellings := range [][]string{spellingsOfAda, spellingsOfZoe, spellingsOfEmail} {
		h := newHouse(t) // each its own, since two names may share a slot
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
