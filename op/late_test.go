package op

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

func TestAFlowThatWaitedTooLongNamesItsAppInItsOwnBrowserOnly(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.ClientURI = "https://calendar.example/" })
	b, other := h.browser(), h.browser()
	a := b.authorize(authorization())
	other.authorize(authorization())
	name := must(h.store.Clients.Get(context.Background(), webID)).Name()
	h.clock.add(30 * time.Minute)
	b.signIn(h.ada)
	for _, late := range []time.Duration{0, 11 * time.Hour} {
		h.clock.add(late)
		for _, path := range []string{a.step, flowAt(flowID(a))} {
			got := b.read(b.get(path))
			if got.page.Kind != frontchannel.RefusedExpired || got.page.Client != name ||
				got.page.Home != "https://calendar.example/" || got.params != nil {
				t.Errorf("%s: %+v", path, got)
			}
			if got := other.read(other.get(path)); got.page.Kind != frontchannel.RefusedExpired ||
				got.page.Client != "" || got.page.Home != "" {
				t.Errorf("elsewhere: %+v", got)
			}
		}
	}
	if got := b.read(b.post(a.step, url.Values{"action": {"deny"}})); got.page.Kind != frontchannel.RefusedExpired || got.params != nil {
		t.Errorf("a no that comes too late: %+v", got)
	}
	must(h.store.Clients.SetState(context.Background(), storage.Operator, webID, apps.ClientSuspended))
	if got := b.read(b.get(a.step)); got.page.Kind != frontchannel.RefusedExpired || got.page.Client != "" {
		t.Errorf("for a suspended app: %+v", got)
	}
	if err := h.store.Clients.Delete(context.Background(), storage.Operator, webID); err != nil {
		t.Fatal(err)
	}
	if got := b.read(b.get(a.step)); got.page.Kind != frontchannel.RefusedExpired || got.page.Client != "" {
		t.Errorf("for an app that is gone: %+v", got)
	}
}

// Both requests leave before either answer has come.
func TestTwoTabsThatOpenAtOnceInAFreshBrowserBothLeadToACode(t *testing.T) {
	for _, last := range []int{0, 1} {
		h := newHouse(t)
		b := h.browser()
		var tabs [2]answer
		var answers [2]*http.Response
		for i := range tabs {
			answers[i] = h.do(httptest.NewRequest(http.MethodGet, authorizeURL(authorization()), nil))
			tabs[i] = b.read(answers[i])
		}
		for _, i := range []int{1 - last, last} { // the one that comes last names the browser
			b.jar.SetCookies(at(oauth.PathAuthorize), answers[i].Cookies())
		}
		other := h.browser()
		other.authorize(authorization())
		for i := range tabs {
			other.jar.SetCookies(at(tabs[i].step),
				[]*http.Cookie{{Name: "__Secure-latchkey-flow", Value: b.flowCookie(tabs[i]).Value,
					Path: flowAt(flowID(tabs[i]))}})
			wantPage(t, other.read(other.get(tabs[i].step)), frontchannel.RefusedExpired)
			wantCode(t, b.walk(tabs[i]))
		}
	}
}

func TestABrowserThatHasANameIsGivenNoOther(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.authorize(authorization())
	resp := b.get(authorizeURL(authorization()))
	for _, c := range resp.Cookies() {
		if c.Name != "__Secure-latchkey-flow" {
			t.Errorf("%s", c.Raw)
		}
	}
}
