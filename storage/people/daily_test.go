package people_test

import (
	"testing"
	"time"

	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store/storetest"
)

func TestOfAUserThereAreSoManyCodesADay(t *testing.T) {
	h := storetest.NewHouse(t)
	ada, eve := h.User("ada"), h.User("eve")
	set := policy.DefaultSettings()
	set.DailySignIns = 100
	take := func(u *people.User) (n int) {
		for h.Grants.Count(u.ID, &set) == 0 {
			n++
		}
		return n
	}
	if n := take(ada); n != 100 {
		t.Fatalf("%d at once", n)
	}
	const each = 30 * time.Second
	if wait := h.Grants.Count(ada.ID, &set); wait != each {
		t.Errorf("then a wait of %v", wait)
	}
	if n := take(eve); n != 100 {
		t.Errorf("another user: %d", n)
	}
	for range 10 { // never locked
		h.Clock.Add(each)
		if n := take(ada); n != 1 {
			t.Errorf("half a minute later: %d", n)
		}
	}
	h.Clock.Add(24 * time.Hour)
	if n := take(ada); n != 100 {
		t.Errorf("the next day: %d", n)
	}
}

func TestOfManyCodesAtOnceNoMoreAreMadeThanTheDayHas(t *testing.T) {
	h := storetest.NewHouse(t)
	u, set := h.User("ada"), policy.DefaultSettings()
	set.DailySignIns = 100
	var got map[string]int
	commits := h.Commits(func() {
		got = h.AtOnce(300, func(int) string {
			if h.Grants.Count(u.ID, &set) > 0 {
				return "waits"
			}
			return "goes on"
		})
	})
	if got["goes on"] != 100 || got["waits"] != 200 || commits != 0 {
		t.Errorf("%v, %d commits", got, commits)
	}
}
