package op

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/storage"
	"latchkey/storage/people"
)

func (h *house) dailySignIns(most uint32) {
	h.t.Helper()
	set := must(h.store.Settings.Get(context.Background()))
	set.DailySignIns = most
	must(0, h.store.Settings.Set(context.Background(), storage.Operator, set))
}

// A user who has had too many codes is told to wait, nothing is written for it, and
// what was begun can be gone on with.
func TestAUserWhoHadTooManyCodesWaitsAndNothingIsWritten(t *testing.T) {
	h := newHouse(t)
	h.dailySignIns(100)
	b := h.signedIn() // by a code
	consent := b.authorize(authorization("prompt", "consent"))
	wantStep(t, consent, authorize.PathConsent)
	decided := b.read(b.post(consent.step, url.Values{"action": {"allow"}, "digest": {b.look(consent).Digest}}))
	for range 99 {
		wantCode(t, b.authorize(authorization()))
	}
	before := h.commits()
	for name, try := range map[string]func() answer{
		"an app's request": func() answer { return b.authorize(authorization()) },
		"a consent given":  func() answer { return b.read(b.get(decided.step)) },
	} {
		if a := try(); a.status != http.StatusTooManyRequests || a.page.Kind != frontchannel.RefusedTooMany ||
			a.page.Retry != 30*time.Second {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if a := b.authorize(authorization("prompt", "none")); a.params.Get("error") != "temporarily_unavailable" ||
		a.params.Get("state") != "st" {
		t.Errorf("a silent request: %+v", a)
	}
	if n := h.commits() - before; n != 0 {
		t.Errorf("%d commits", n)
	}
	eve := h.browser()
	eve.user = h.user(people.User{Username: "eve"})
	wantCode(t, eve.login(authorization()))
	h.clock.add(30 * time.Second)
	wantCode(t, b.read(b.get(decided.step)))
	if a := b.authorize(authorization()); a.status != http.StatusTooManyRequests {
		t.Errorf("and another at once: %+v", a)
	}
}
