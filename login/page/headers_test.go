package page_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

func TestPagesCarryTheHeadersThatProtectThem(t *testing.T) {
	rd := renderer(t, page.Options{})
	for _, e := range pagetest.Examples() {
		h := render(t, rd, e.Status, e.Page).Header()
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
			"X-Content-Type-Options": "nosniff",
			"Referrer-Policy":        "strict-origin", "Content-Language": "en",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", e.Name, name, got, want)
			}
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'",
			"img-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp+";", want+";") {
				t.Errorf("%s: policy %q lacks %s", e.Name, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "data:") {
			t.Errorf("%s: policy %q", e.Name, csp)
		}
	}
}

// What ends at an app's own address must neither be held on this origin nor be
// cut off from the window that opened it.
func TestPagesThatLeadToAnAppLetTheBrowserGoThere(t *testing.T) {
	app := pagetest.Calendar()
	rd := renderer(t, page.Options{})
	for _, c := range []struct {
		page   page.Page
		leaves bool
	}{
		{page.SignIn{App: app}, true},
		{page.ChooseAccount{App: app, Accounts: []page.Account{{ID: "1"}}}, true},
		{page.Consent{App: *app}, true},
		{page.SignOut{App: app}, true},
		{page.SignedOut{App: app}, true},
		{page.Post{App: *app, URI: app.HomeURL}, true},
		{page.Expired{}, true}, {page.Finished{}, true}, {page.Unavailable{}, true}, {page.Error{}, true},
		{page.SignIn{}, false}, {page.SignOut{}, false}, {page.Home{}, false}, {page.SetUp{}, false},
		{page.Recover{}, false},
	} {
		h := render(t, rd, 200, c.page).Header()
		holds := strings.Contains(h.Get("Content-Security-Policy"), "form-action 'self'")
		if any := strings.Contains(h.Get("Content-Security-Policy"), "form-action"); any != holds || holds == c.leaves {
			t.Errorf("%T: form-action %v", c.page, any)
		}
		if own := h.Get("Cross-Origin-Opener-Policy") == "same-origin"; own == c.leaves {
			t.Errorf("%T: Cross-Origin-Opener-Policy %v", c.page, own)
		}
	}
}

func TestWaitingIsSaidInTheHeaderToo(t *testing.T) {
	rd := renderer(t, page.Options{})
	for _, c := range []struct {
		wait         time.Duration
		header, text string
	}{
		{5 * time.Minute, "300", "5 minutes"},
		{4*time.Minute + time.Millisecond, "241", "5 minutes"},
		{time.Minute, "60", "60 seconds"},
		{1500 * time.Millisecond, "2", "2 seconds"},
		{time.Millisecond, "1", "1 second"},
		{61 * time.Second, "61", "2 minutes"},
	} {
		for _, p := range []page.Page{page.SignIn{Problem: page.Throttled, RetryAfter: c.wait},
			page.Error{Fault: page.TooMany, RetryAfter: c.wait}} {
			w := render(t, rd, 429, p)
			if got := w.Header().Get("Retry-After"); got != c.header {
				t.Errorf("%T %v: Retry-After %q", p, c.wait, got)
			}
			if body := w.Body.String(); !strings.Contains(body, `<strong dir="auto">`+c.text+`</strong>`) &&
				!strings.Contains(body, "Try again in "+c.text+".") {
				t.Errorf("%T %v does not say %q", p, c.wait, c.text)
			}
		}
	}
}

func TestOtherHeadersAreLeftAlone(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Set-Cookie", "a=b")
	if err := renderer(t, page.Options{}).Render(w, httptest.NewRequest("GET", "/", nil), 200,
		page.Home{}); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("Set-Cookie") != "a=b" {
		t.Error("the cookie is gone")
	}
}

func TestAPageThatCannotBeMadeLeavesTheAnswerUntouched(t *testing.T) {
	w := httptest.NewRecorder()
	err := renderer(t, page.Options{}).Render(w, httptest.NewRequest("GET", "/", nil), 200,
		page.SignIn{Notice: page.Say("no.such.sentence")})
	if err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("error %v, headers %v, body %q", err, w.Header(), w.Body)
	}
}
