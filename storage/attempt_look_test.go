package storage

import (
	"testing"
	"time"
)

func TestALookAnswersWhatTheNextAttemptWouldAndCountsNothing(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	need(h.Sessions.Start(h.ctx, NewSession{User: u.ID, UserEpoch: u.Epoch, Browser: []byte("home")}))(h)
	for name, user := range map[string]*User{"ada": u, "nobody": nil} {
		for _, browser := range []string{"", "home", "stranger"} {
			for range 14 {
				var looks [2]time.Duration
				if n := h.commits(func() {
					for i := range looks {
						looks[i] = need(h.Attempts.Look(h.ctx, name, user, []byte(browser)))(h).Wait
					}
				}); n != 0 {
					t.Fatalf("%d commits for a look", n)
				}
				if wait := h.attempt(name, user, browser); looks[0] != wait || looks[1] != wait {
					t.Fatalf("%s from %q: looks %v, waits %v", name, browser, looks, wait)
				}
				h.clock.add(7 * time.Second)
			}
			h.clock.add(25 * time.Hour)
		}
	}
}

func TestALookAtAnAccountThatIsGoneIsOneAtANameOfNobody(t *testing.T) {
	h := newHouse(t)
	gone := &User{ID: h.Users.NewID(), Username: "ada"}
	for i := range 12 {
		if look, wait := need(h.Attempts.Look(h.ctx, "ada", gone, nil))(h).Wait, h.attempt("ada", nil, ""); look != wait {
			t.Errorf("%d: looks %v, waits %v", i, look, wait)
		}
	}
}
