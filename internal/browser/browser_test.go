package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// site serves pages by path. A page is its HTML, complete but for the doctype.
type site map[string]string

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	html, ok := s[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!DOCTYPE html>", html)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// spy is a test that notes its failures instead of failing.
type spy struct {
	*testing.T
	errors   []string
	skipped  bool
	cleanups []func()
}

func (s *spy) Errorf(format string, args ...any) {
	s.errors = append(s.errors, fmt.Sprintf(format, args...))
}
func (s *spy) Error(args ...any)              { s.Errorf("%s", fmt.Sprint(args...)) }
func (s *spy) Fatal(args ...any)              { s.Error(args...); panic(s) }
func (s *spy) Fatalf(format string, a ...any) { s.Errorf(format, a...); panic(s) }
func (s *spy) Skip(args ...any)               { s.skipped = true; s.Error(args...); panic(s) }
func (s *spy) Cleanup(f func())               { s.cleanups = append(s.cleanups, f) }

// run runs f as a test would be run, its clean-up included.
func (s *spy) run(f func()) {
	defer func() {
		for i := len(s.cleanups) - 1; i >= 0; i-- {
			s.cleanups[i]()
		}
	}()
	defer func() {
		if p := recover(); p != nil && p != any(s) {
			panic(p)
		}
	}()
	f()
}

func (s *spy) said() string { return strings.Join(s.errors, "\n") }

// counter serves a page that counts a browser's visits in a cookie.
func counter(t *testing.T) (visit func(*Tab) string) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /flow/1", func(w http.ResponseWriter, r *http.Request) {
		n := 1
		if c, err := r.Cookie("n"); err == nil {
			n = len(c.Value) + 1
		}
		http.SetCookie(w, &http.Cookie{Name: "n", Value: strings.Repeat("i", n), Path: "/flow/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!DOCTYPE html><title>visits</title><p id=n>visit %d</p>", n)
	})
	base := serve(t, mux)
	return func(b *Tab) string { b.Goto(base + "/flow/1"); return b.Text("#n") }
}

func TestEachBrowserHasItsOwnCookiesAndTabsShareThem(t *testing.T) {
	visit := counter(t)
	one, other := New(t, Options{}), New(t, Options{})
	for i, step := range []struct {
		tab  *Tab
		want string
	}{{one, "visit 1"}, {one, "visit 2"}, {other, "visit 1"}, {one.NewTab(), "visit 3"}, {other, "visit 2"}} {
		if got := visit(step.tab); got != step.want {
			t.Errorf("step %d shows %q, want %q", i+1, got, step.want)
		}
	}
	cookies := one.Cookies()
	if len(cookies) != 1 || cookies[0].Value != "iii" || cookies[0].Path != "/flow/" || !cookies[0].HttpOnly ||
		cookies[0].SameSite != http.SameSiteLaxMode || !cookies[0].Expires.IsZero() {
		t.Errorf("cookies of the first browser: %v", cookies)
	}
	one.ClearCookies()
	if left := one.Cookies(); len(left) != 0 {
		t.Errorf("cookies after clearing: %v", left)
	}
	if got := visit(one); got != "visit 1" {
		t.Errorf("after clearing the page shows %q", got)
	}
	if got := len(other.Cookies()); got != 1 {
		t.Errorf("clearing one browser left the other %d cookies, want 1", got)
	}
}

func TestASiteUnderDotTestIsCrossSiteToLocalhost(t *testing.T) {
	sent := make(chan string, 4)
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			return
		}
		if r.URL.Path == "/in" {
			sent <- r.Header.Get("Cookie")
		}
		http.SetCookie(w, &http.Cookie{Name: "lax", Value: "1", SameSite: http.SameSiteLaxMode})
		http.SetCookie(w, &http.Cookie{Name: "strict", Value: "1", SameSite: http.SameSiteStrictMode})
		w.Header().Set("Content-Type", "text/html")
		port := r.Host[strings.LastIndex(r.Host, ":"):]
		fmt.Fprintf(w, `<!DOCTYPE html><title>x</title><a id=in href="http://localhost%s/in">in</a>`, port)
	}))
	port := base[strings.LastIndex(base, ":"):]
	b := New(t, Options{})
	b.Goto("http://localhost" + port + "/")
	b.Goto("http://app.test" + port + "/")
	b.Follow("#in")
	if got := <-sent; got != "lax=1" {
		t.Errorf("a link on another site sent %q, want the lax cookie alone", got)
	}
}

func TestNothingBeyondLoopbackIsResolved(t *testing.T) {
	base := serve(t, site{"/": `<title>x</title><img src="http://elsewhere.example/logo.png" alt="">`})
	b := New(t, Options{})
	b.Goto(base)
	if got := strings.Join(b.Problems(), "\n"); !strings.Contains(got, "ERR_NAME_NOT_RESOLVED") {
		t.Errorf("problems: %q", got)
	}
}

func TestAMissingBrowserFailsARequiredRunAndSkipsAnother(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, required := range []string{"", "1"} {
		t.Setenv(RequiredEnv, required)
		s := &spy{T: t}
		s.run(func() { New(s, Options{}) })
		if s.skipped == (required != "") {
			t.Errorf("%s=%q: skipped is %v", RequiredEnv, required, s.skipped)
		}
		if !strings.Contains(s.said(), "apt-get install -y chromium") {
			t.Errorf("%s=%q does not say what to do: %q", RequiredEnv, required, s.said())
		}
	}
}

func TestABrowserOfOneTestEndsWithIt(t *testing.T) {
	shared.Lock()
	before := shared.allowed
	shared.allowed = false
	running := shared.process
	shared.process = nil
	shared.Unlock()
	defer func() {
		shared.Lock()
		shared.allowed, shared.process = before, running
		shared.Unlock()
	}()
	var p *process
	t.Run("the test", func(t *testing.T) {
		b := New(t, Options{})
		b.Goto(serve(t, site{"/": "<title>x</title>"}))
		p = b.process
	})
	if p.ctx.Err() == nil {
		t.Error("the browser outlived its test")
	}
}
