package signin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"latchkey/storage"
)

func TestWhoHadTooManyCodesIsToldHowLongToWait(t *testing.T) {
	h := newHouse(t)
	h.addUser("ada")
	c := h.addClient(nil)
	set, err := h.store.Settings.Get(context.Background())
	if err == nil {
		set.DailySignIns = 100
		err = h.store.Settings.Set(context.Background(), storage.Operator, set)
	}
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	if out := b.allow(b.signIn(b.get(h.authorize(c)).at, "ada")); out.code() == "" {
		t.Fatalf("%d at %s", out.status, out.at)
	}
	for range 99 {
		if out := b.get(h.authorize(c)); out.code() == "" {
			t.Fatalf("%d at %s", out.status, out.at)
		}
	}
	p := b.get(h.authorize(c))
	if p.status != http.StatusTooManyRequests || p.header.Get("Retry-After") != "30" ||
		!strings.Contains(p.body, "Too many requests") {
		t.Errorf("%d, again in %q\n%s", p.status, p.header.Get("Retry-After"), p.body)
	}
}
