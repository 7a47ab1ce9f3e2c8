package op

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// weak is a secret that anybody may guess.
const weak = "1234567890123456"

// try sends a secret from an address and returns the status.
func (h *house) try(path, address, id, secret string) int {
	h.t.Helper()
	r := formRequest(path, forItself)
	r.RemoteAddr = address + ":1"
	basic(r, id+":"+secret)
	resp := h.do(r)
	if resp.StatusCode == http.StatusTooManyRequests &&
		(resp.Header.Get("Retry-After") == "" || decoded[tokenAnswer](h.t, resp).Error != "temporarily_unavailable") {
		h.t.Errorf("%s: Retry-After %q, %s", path, resp.Header.Get("Retry-After"), body(resp))
	}
	return resp.StatusCode
}

// serviceClient is one that gets tokens of its own, with a secret.
func (h *house) serviceClient(id, secret string) {
	h.t.Helper()
	must(h.store.Clients.Create(context.Background(), storage.Operator,
		apps.NewClient{ID: id, Secret: h.ring.HashClientSecret(secret),
			Metadata: apps.Metadata{ClientName: id, GrantTypes: []string{apps.GrantTypeClientCredentials}}}))
}

func TestWrongSecretsWaitByNetworkAndARightOneNeverDoes(t *testing.T) {
	h := newShop(t).house
	api := h.resource("https://guessed.example", "guessed").ID.String()
	before := h.commits()
	for i := range 100 {
		id := []string{"robot", "nobody", api}[i%3] // they count together, and look alike
		if got := h.try(oauth.PathIntrospection, fmt.Sprintf("198.51.100.%d", i), id,
			h.secret+"x"); got != http.StatusUnauthorized {
			t.Fatalf("attempt %d as %s: %d", i, id, got)
		}
	}
	for _, id := range []string{"robot", "nobody", api} {
		if got := h.try(oauth.PathIntrospection, "198.51.100.200", id,
			h.secret+"x"); got != http.StatusTooManyRequests {
			t.Errorf("one more as %s: %d", id, got)
		}
		if got := h.try(oauth.PathIntrospection, "203.0.113.1", id, h.secret+"x"); got != http.StatusUnauthorized {
			t.Errorf("from another network as %s: %d", id, got)
		}
	}
	if n := h.commits() - before; n != 0 {
		t.Errorf("%d commits", n)
	}
	if got := h.try(oauth.PathToken, "198.51.100.1", "robot", h.secret); got != http.StatusOK {
		t.Errorf("the right secret: %d", got)
	}
	h.clock.add(10 * time.Second)
	for _, want := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
		if got := h.try(oauth.PathToken, "198.51.100.1", "robot", h.secret+"x"); got != want {
			t.Errorf("after a while: %d, want %d", got, want)
		}
	}
}

// If a right one did not wait, the answers would tell it from the wrong ones.
func TestGuessableSecretsWaitByClientFromWhereverTheyCome(t *testing.T) {
	h := newHouse(t)
	h.serviceClient("weak", weak)
	h.serviceClient("other", weak)
	for i := range 10 {
		if got := h.try(oauth.PathToken, fmt.Sprintf("10.%d.0.1", i), "weak",
			"abcdefgh12345678"); got != http.StatusUnauthorized {
			t.Fatalf("attempt %d: %d", i, got)
		}
	}
	for _, secret := range []string{weak, "abcdefgh12345678"} {
		if got := h.try(oauth.PathToken, "10.200.0.1", "weak", secret); got != http.StatusTooManyRequests {
			t.Errorf("%s: %d", secret, got)
		}
	}
	if got := h.try(oauth.PathToken, "10.200.0.1", "other", weak); got != http.StatusOK {
		t.Errorf("another client: %d", got)
	}
	h.clock.add(time.Minute)
	if got := h.try(oauth.PathToken, "10.200.0.1", "weak", weak); got != http.StatusOK {
		t.Errorf("a minute later: %d", got)
	}
}

// A hash does not say what it is of, so that its first use has to.
func TestAnImportedSecretThatCouldBeGuessedEnds(t *testing.T) {
	h := newHouse(t)
	h.serviceClient("before", weak) // imported when nobody looked
	h.importedAs("refused", weakHash, false)
	h.importedAs("accepted", weakHash, true)
	h.importedAs("late", weakHash, true)
	h.importedAs("strong", djangoHash, true)
	want := func(when string, all map[string]int) {
		t.Helper()
		for id, status := range all {
			secret := weak
			if id == "strong" {
				secret = theirs
			}
			if got := h.try(oauth.PathToken, "192.0.2.1", id, secret); got != status {
				t.Errorf("%s, %s: %d, want %d", when, id, got, status)
			}
		}
	}
	const taken, not = http.StatusOK, http.StatusUnauthorized
	for range 2 {
		want("at first", map[string]int{"before": taken, "refused": not, "accepted": taken, "strong": taken})
	}
	h.clock.add(apps.GuessableFor - time.Second)
	want("before the end", map[string]int{"before": taken, "refused": not, "accepted": taken, "strong": taken})
	h.clock.add(time.Second)
	want("at the end", map[string]int{"before": not, "refused": not, "accepted": not, "late": not, "strong": taken})
	if v := must(h.store.Clients.Get(context.Background(), "strong")).Secrets[0]; !v.GuessableUntil.IsZero() {
		t.Errorf("the end of one that cannot be guessed: %v", v.GuessableUntil)
	}
}
