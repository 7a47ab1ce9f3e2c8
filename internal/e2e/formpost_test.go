package e2e

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2"

	"latchkey/internal/browser"
)

// postedApp is an app that has its answers posted, and counts how they come. From where
// they come says no more than by whom: the page's address may hold a whole request.
func postedApp(t *testing.T, s *server) (a *app, posts *atomic.Int32) {
	t.Helper()
	a = plainApp(t, s, "profile")
	a.extra = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("response_mode", "form_post")}
	posts = new(atomic.Int32)
	serve := a.Config.Handler
	a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cb" && r.Method == http.MethodPost {
			posts.Add(1)
			if from, by := r.Header.Get("Origin"), r.Referer(); from != s.issuer || by != s.issuer+"/" {
				t.Errorf("an answer came from %q, by %q", from, by)
			}
		} else if r.URL.Path == "/cb" {
			t.Errorf("an answer came by %s %s", r.Method, r.URL)
		}
		serve.ServeHTTP(w, r)
	})
	return a, posts
}

func TestAnswersArePostedToAnotherOriginByThemselves(t *testing.T) {
	s := start(t)
	s.addAda()
	a, posts := postedApp(t, s)
	tab := browser.New(t, browser.Options{})
	tab.Goto(a.URL)
	tab.Follow("#login")
	signIn(tab, "ada", adaPassword)
	tab.Click("#allow") // the page that sends the form leaves at once
	tab.WaitURL(a.URL + "/cb")
	if out := resultOf(t, tab); out.Userinfo["name"] != "Ada Lovelace" {
		t.Errorf("userinfo: %v", out.Userinfo)
	}
	tab.Back() // to what was before the form, not into it again
	if strings.HasPrefix(tab.URL(), a.URL+"/cb") || posts.Load() != 1 {
		t.Errorf("Back leads to %s, after %d posts", tab.URL(), posts.Load())
	}
	tab.Problems() // the flow is finished by now: 410

	tab.Goto(a.authURL(oauth2.SetAuthURLParam("prompt", "none"), oauth2.SetAuthURLParam("max_age", "0")))
	tab.WaitURL(a.URL + "/cb")
	if text := tab.Text("#error"); !strings.HasPrefix(text, "login_required") || posts.Load() != 2 {
		t.Errorf("the app shows %q after %d posts", text, posts.Load())
	}
	tab.Problems() // the app's answer is a 400
}

func TestAnswersArePostedByAButtonWithoutScript(t *testing.T) {
	s := start(t)
	s.addAda()
	a, posts := postedApp(t, s)
	tab := browser.New(t, browser.Options{NoScript: true, Width: 360})
	tab.Goto(a.URL)
	tab.Follow("#login")
	signIn(tab, "ada", adaPassword)
	tab.Follow("#allow")
	if posts.Load() != 0 {
		t.Error("posted before anybody pressed the button")
	}
	tab.Follow("#continue")
	if !strings.Contains(tab.HTML(), "Ada Lovelace") || posts.Load() != 1 {
		t.Errorf("%d posts; the app shows:\n%s", posts.Load(), tab.HTML())
	}
}
