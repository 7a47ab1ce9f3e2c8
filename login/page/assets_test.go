package page_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

func get(rd *page.Renderer, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	rd.Assets().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

var assetURL = regexp.MustCompile(`/assets/[^"]+`)

func assetsOf(t *testing.T, rd *page.Renderer) []string {
	t.Helper()
	return assetURL.FindAllString(render(t, rd, 200, page.Home{}).Body.String(), -1)
}

func branded(b page.Brand) page.Options {
	return page.Options{Brand: func(*http.Request) page.Brand { return b }}
}

func TestEveryAssetThatPagesNameIsServedForGood(t *testing.T) {
	b := pagetest.Brand()
	b.Logo, b.LogoType = []byte("<svg/>"), "image/svg+xml"
	rd := renderer(t, branded(b))
	types := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
		"svg": "image/svg+xml"}
	paths := assetsOf(t, rd)
	if len(paths) != 5 {
		t.Errorf("a page names %v", paths)
	}
	for _, path := range paths {
		w := get(rd, path)
		want := types[path[strings.LastIndexByte(path, '.')+1:]]
		if w.Code != 200 || w.Header().Get("Content-Type") != want || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") ||
			!strings.Contains(csp, "sandbox") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
}

func TestAssetsOfAnotherReplicaOrAnOlderBrandAreServed(t *testing.T) {
	old := renderer(t, branded(page.Brand{Accent: "#14683f"}))
	now := renderer(t, branded(page.Brand{Accent: "#b3261e"}))
	for _, path := range assetsOf(t, old) {
		if w := get(now, path); w.Code != 200 || w.Body.String() != get(old, path).Body.String() {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestOtherAddressesAreNotFoundAndNotCached(t *testing.T) {
	rd := renderer(t, page.Options{})
	for _, path := range []string{"/assets/", "/assets/latchkey.css", "/assets/brand-4a56d2-0123456789abcdef.css",
		"/assets/brand-ffffff-0123456789abcdef.css",
		"/assets/mark-4a56d2.svg", "/assets/../page.go", "/assets/mark.svg", "/",
		"/assets/brand-" + strings.Repeat("a", 9000)} {
		if w := get(rd, path); w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%.60s: %d, %q", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	w := httptest.NewRecorder()
	rd.Assets().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/favicon.ico", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

func TestFilesAskedForByNameAreThereButNotForGood(t *testing.T) {
	rd := renderer(t, page.Options{})
	for path, want := range map[string]string{"/favicon.ico": "<svg", "/robots.txt": "User-agent: *\nDisallow: /\n"} {
		w := get(rd, path)
		if w.Code != 200 || !strings.HasPrefix(w.Body.String(), want) ||
			strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v %q", path, w.Code, w.Header(), w.Body)
		}
	}
}

func TestABrandChangeShowsAtOnceAndPagesRaceWithIt(t *testing.T) {
	var mu sync.Mutex
	brand := page.Brand{Name: "Before", Accent: "#14683f", Logo: []byte("one"), LogoType: "image/png"}
	rd := renderer(t, page.Options{Brand: func(*http.Request) page.Brand {
		mu.Lock()
		defer mu.Unlock()
		return brand
	}})
	before := assetsOf(t, rd)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { render(t, rd, 200, page.Home{}) })
	}
	mu.Lock()
	brand.Name, brand.Logo = "After", []byte("two")
	mu.Unlock()
	all.Wait()
	logo, was := before[len(before)-1], assetsOf(t, rd)
	mu.Lock()
	brand.Logo[0] = 'T' // whoever lends us a logo may go on working with it
	mu.Unlock()
	again := assetsOf(t, rd)
	if again[len(again)-1] == was[len(was)-1] || get(rd, again[len(again)-1]).Body.String() != "Two" {
		t.Errorf("the logo is %s, and was %s", again, was)
	}
	after := render(t, rd, 200, page.Home{}).Body.String()
	if !strings.Contains(after, "<title>Home – After</title>") {
		t.Error("the old name is shown")
	}
	if strings.Contains(after, logo) || get(rd, logo).Code != http.StatusNotFound {
		t.Error("the old logo is shown")
	}
}

func TestAPoorBrandIsReportedAndStillShown(t *testing.T) {
	poor := page.Brand{Accent: "red", Logo: []byte("GIF89a"), LogoType: "text/html", HomeURL: "javascript:alert(1)",
		SupportURL: "mailto:a@b.example", PrivacyURL: "/privacy", TermsURL: "https://u:p@terms.example"}
	err := poor.Check()
	if err == nil {
		t.Fatal("nothing reported")
	}
	for _, want := range []string{"accent", "logo type", "home link", "support link", "privacy link", "terms link"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not report the %s", err, want)
		}
	}
	body := render(t, renderer(t, branded(poor)), 200, page.Home{}).Body.String()
	for _, bad := range []string{"javascript", "mailto", "terms.example", "logo-", "ZgotmplZ"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page shows %q", bad)
		}
	}
	if !strings.Contains(body, "<title>Home – Latchkey</title>") || !strings.Contains(body, "/assets/brand-1f5fbf-") {
		t.Error(body)
	}
	if err := (page.Brand{}).Check(); err != nil {
		t.Errorf("a brand left alone: %v", err)
	}
	if err := pagetest.Brand().Check(); err != nil {
		t.Error(err)
	}
}
