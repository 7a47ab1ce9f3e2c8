package people_test

import (
	"testing"
	"time"

	"latchkey/storage/people"
	"latchkey/storage/store/storetest"
)

func TestALookAnswersWhatTheNextAttemptWouldAndCountsNothing(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	storetest.Need(h.Sessions.Start(h.Ctx,
		people.NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("home")}))(h)
	for name, user := range map[string]*people.User{"ada": u, "nobody": nil} {
		for _, browser := range []string{"", "home", "stranger"} {
			for range 14 {
				var looks [2]time.Duration
				if n := h.Commits(func() {
					for i := range looks {
						looks[i] = storetest.Need(h.Attempts.Look(h.Ctx, name, user, []byte(browser)))(h).Wait
					}
				}); n != 0 {
					t.Fatalf("%d commits for a look", n)
				}
				if wait := h.Attempt(name, user, browser); looks[0] != wait || looks[1] != wait {
					t.Fatalf("%s from %q: looks %v, waits %v", name, browser, looks, wait)
				}
				h.Clock.Add(7 * time.Second)
			}
			h.Clock.Add(25 * time.Hour)
		}
	}
}

func TestALookAtAnAccountThatIsGoneIsOneAtANameOfNobody(t *testing.T) {
	h := storetest.NewHouse(t)
	gone := &people.User{ID: h.Users.NewID(), Username: "ada"}
	for i := range 12 {
		if look, wait := storetest.Need(h.Attempts.Look(h.Ctx, "ada", gone, nil))(h).Wait,
			h.Attempt("ada", nil, ""); look != wait {
			t.Errorf("%d: looks %v, waits %v", i, look, wait)
		}
	}
}
