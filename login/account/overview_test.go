package account_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/keys"
)

func TestWhoIsGuessedAtHearsOfItUntilTheyHaveReadIt(t *testing.T) {
	h := newHouse(t, keys.HasherOptions{})
	ada := h.addUser("ada")
	b := h.signedIn("ada")
	const heard = "Somebody tried to guess your password"
	if p := b.get("/account"); p.status != http.StatusOK || strings.Contains(p.body, heard) {
		t.Fatalf("before: %d\n%s", p.status, p.body)
	}
	for range 100 {
		for {
			wait, err := h.store.Attempts.Count(t.Context(), "ada", ada, []byte("a stranger"))
			if err != nil {
				t.Fatal(err)
			}
			if wait == 0 {
				break
			}
			h.pass(wait)
		}
	}
	h.pass(time.Hour) // the longest pause is over, and so is the session: the guessing took days
	b = h.signedIn("ada")
	if p := b.get("/account"); !strings.Contains(p.body, heard) ||
		!strings.Contains(p.body, "100 wrong passwords in a row") {
		t.Fatalf("after: %d\n%s", p.status, p.body)
	}
	if p := b.post("/account", "account", ada.Subject()); p.at != "/account" || strings.Contains(p.body, heard) {
		t.Errorf("put aside: %d at %s", p.status, p.at)
	}
	h.pass(time.Second)
	if p := b.get("/account"); strings.Contains(p.body, heard) {
		t.Error("it is said again")
	}
}
