package browser

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

func framed(body string) string {
	return `<html lang=en><title>x</title><meta name=viewport content="width=device-width"><link rel=stylesheet href=/style.css><main><h1>Page</h1>` + body + `</main>`
}

// Pages under a strict policy, so that axe-core is seen to work under one.
func axeSite(t *testing.T) string {
	pages := site{
		"/good":     framed(`<p>Good.</p><script>document.title = ""</script><script src="/blank.js"></script>`),
		"/label":    framed(`<input id=name>`),
		"/contrast": framed(`<p class=pale>Pale.</p>`),
		"/target":   framed(`<p><button class=tiny>a</button><button class=tiny>b</button></p>`),
		"/heading":  strings.Replace(framed(``), "<h1>Page</h1>", "<p>Page</p>", 1),
	}
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'")
		if r.URL.Path == "/style.css" {
			w.Header().Set("Content-Type", "text/css")
			_, _ = w.Write([]byte(`.tiny{width:10px;height:10px;padding:0;margin:0;border:0} @media (prefers-color-scheme:dark){body{background:#111;color:#eee}.pale{color:#333}}`))
			return
		}
		pages.ServeHTTP(w, r)
	}))
}

func TestAxeFindsWhatIsPlantedAndNothingElse(t *testing.T) {
	if _, err := axeSource(); err != nil {
		missing(t, err)
	}
	base := axeSite(t)
	eachScript(t, func(t *testing.T, o Options) {
		b := New(t, o)
		for path, want := range map[string]string{
			"/good": "", "/label": "(label)", "/contrast": "dark: Elements must meet minimum color contrast",
			"/target": "(target-size)", "/heading": "(page-has-heading-one)",
		} {
			b.Goto(base + path)
			s := &spy{T: t}
			b.Axe(s)
			if got := s.said(); want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
		// The policy stayed in force: what /good is forbidden, it was refused.
		problems := strings.Join(b.Problems(), "\n")
		if got := strings.Contains(problems, "inline script"); got == o.NoScript {
			t.Errorf("problems: %s", problems)
		}
	})
}

func TestAMissingAxeFailsARequiredRunAndSkipsAnother(t *testing.T) {
	b := New(t, Options{})
	root := t.TempDir()
	if err := os.WriteFile(root+"/go.mod", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	for _, required := range []string{"", "1"} {
		t.Setenv(RequiredEnv, required)
		s := &spy{T: t}
		s.run(func() { b.Axe(s) })
		if s.skipped == (required != "") || !strings.Contains(s.said(), "make axe") {
			t.Errorf("%s=%q: skipped is %v, it said %q", RequiredEnv, required, s.skipped, s.said())
		}
	}
}
