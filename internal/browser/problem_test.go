package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// strict serves pages under a policy that forbids all that is not named.
func strict(pages site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
		pages.ServeHTTP(w, r)
	})
}

func TestWhatIsWrongWithAPageFailsItsTest(t *testing.T) {
	base := serve(t, site{
		"/console":   `<title>x</title><script>console.error("it", "broke")</script>`,
		"/throw":     `<title>x</title><script>throw new Error("thrown here")</script>`,
		"/reject":    `<title>x</title><script>Promise.reject(new Error("rejected here"))</script>`,
		"/missing":   `<title>x</title><img src="/nothing.png" alt="">`,
		"/fine":      `<title>x</title><script>console.log("fine")</script>`,
		"/not-there": "",
	})
	policed := serve(t, strict(site{
		"/inline": `<title>x</title><script>document.title = "ran"</script>`,
		"/style":  `<title>x</title><p style="color:red">x</p>`,
		"/image":  `<title>x</title><img src="/a.png" alt="">`,
		"/frame":  `<title>x</title>`,
	}))
	framed := serve(t, site{"/": fmt.Sprintf(`<title>x</title><iframe src="%s/frame" title=x></iframe>`, policed)})
	cookies := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "__Host-a=1; Path=/elsewhere")
	}))
	for name, c := range map[string]struct{ url, want string }{
		"console":  {base + "/console", "console error: \"it\" \"broke\""},
		"throw":    {base + "/throw", "thrown here"},
		"reject":   {base + "/reject", "rejected here"},
		"missing":  {base + "/missing", "/nothing.png"},
		"fine":     {base + "/fine", ""},
		"404 page": {base + "/nowhere", ""},
		"inline":   {policed + "/inline", "CSP violation: "},
		"style":    {policed + "/style", "CSP violation: "},
		"image":    {policed + "/image", "CSP violation: "},
		"framed":   {framed, "frame-ancestors"},
		"cookie":   {cookies, "cookie __Host-a refused"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spy{T: t}
			s.run(func() { New(s, Options{}).Goto(c.url) })
			if got := s.said(); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("it said %q, want %q", got, c.want)
			}
		})
	}
}

// Chromium applies form-action to the redirects after a form post, which is
// how a careless policy kills an Allow button in silence. It must be seen.
func TestAPolicyThatKillsARedirectAfterAPostIsSeen(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /", site{"/": `<title>x</title><form method=post action="/go"><button id=allow>Allow</button></form>`})
	mux.HandleFunc("POST /go", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "com.example.app:/cb?code=x", http.StatusSeeOther)
	})
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'")
		mux.ServeHTTP(w, r)
	}))
	b := New(t, Options{})
	b.Goto(base)
	b.Follow("#allow")
	if got := strings.Join(b.Problems(), "\n"); !strings.Contains(got, "form-action") {
		t.Errorf("problems: %q", got)
	}
	if _, ok := b.watch.take("com.example.app:"); ok {
		t.Error("the redirect was followed")
	}
}

func TestProblemsThatATestTakesDoNotFailIt(t *testing.T) {
	base := serve(t, site{"/": `<title>x</title><script>console.error("expected")</script>`})
	s := &spy{T: t}
	s.run(func() {
		b := New(s, Options{})
		b.Goto(base)
		if got := b.Problems(); len(got) != 1 {
			t.Errorf("problems: %q", got)
		}
	})
	if s.said() != "" {
		t.Errorf("the test failed: %s", s.said())
	}
}
