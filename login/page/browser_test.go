package page_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/browser"
	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }

// gallery serves every example page at /<name>, with what pages load.
func gallery(t *testing.T, o page.Options) string {
	t.Helper()
	return exhibit(t, renderer(t, o), pagetest.Examples())
}

// exhibit serves pages at /<name>, with what they load.
func exhibit(t *testing.T, rd *page.Renderer, examples []pagetest.Example) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/assets/post-") {
			return // the form that leaves at once stays, to be looked at
		}
		rd.Assets().ServeHTTP(w, r)
	})
	mux.Handle("GET /favicon.ico", rd.Assets())
	for _, e := range examples {
		mux.HandleFunc("GET /"+e.Name, func(w http.ResponseWriter, r *http.Request) {
			if err := rd.Render(w, r, e.Status, e.Page); err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestPagesAreAccessibleAndFitEveryWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser looks at every page")
	}
	base := gallery(t, page.Options{})
	tab := browser.New(t, browser.Options{})
	for _, e := range pagetest.Examples() {
		look(t, tab, base, e.Name, e.Name)
	}
}

// look judges an example page. All are looked at in one tab: another would take longer
// to learn axe-core than to judge a page by it, and pages leave nothing behind in it.
func look(t *testing.T, tab *browser.Tab, base, name, picture string) {
	t.Helper()
	tab.Goto(base + "/" + name)
	tab.Fits(t, 320)
	tab.Axe(t)
	tab.Screenshot(picture)
	for _, problem := range tab.Problems() {
		t.Errorf("%s: %s", name, problem)
	}
	if left := tab.Cookies(); len(left) > 0 {
		t.Errorf("%s: left %v", name, left)
	}
}

var timeForm = regexp.MustCompile(`^\d{1,2} May 2026, \d\d:\d\d [A-Z]+`)

func TestTheScriptAddsComfort(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	tab := browser.New(t, browser.Options{})
	base := gallery(t, page.Options{})

	tab.Goto(base + "/sign-in-wrong")
	if got := browser.Eval[string](tab, `document.activeElement.id`); got != "password" {
		t.Errorf("after a typo %q has the focus", got)
	}
	if got := browser.Eval[string](tab, `(() => {
		const input = document.querySelector("#password"), hint = () => input.closest(".field").querySelector("[role=status]").textContent;
		const press = (on) => input.dispatchEvent(new KeyboardEvent("keydown", {key: "a", modifierCapsLock: on}));
		press(true); const on = hint(); press(false);
		return on + "|" + hint();
	})()`); got != "Caps Lock is on.|" {
		t.Errorf("Caps Lock: %q", got)
	}
	tab.Fill("#password", "secret words")
	tab.Click(".reveal")
	if got := browser.Eval[string](tab, `document.querySelector("#password").type + document.querySelector(".reveal").textContent`); got != "textHide" {
		t.Errorf("shown: %s", got)
	}
	// A submission that is held back shows what another would do.
	if got := browser.Eval[string](tab, `(() => {
		const form = document.querySelector("form"), button = document.querySelector("#sign-in");
		let sent = 0;
		form.addEventListener("submit", (e) => { if (!e.defaultPrevented) sent++; e.preventDefault(); });
		button.click(); button.click();
		return [sent, button.disabled, button.ariaBusy, document.querySelector("#password").type].join();
	})()`); got != "1,false,true,password" {
		t.Errorf("sent twice: %s", got)
	}

	tab.Goto(base + "/sign-in-throttled")
	if got := browser.Eval[string](tab, `[document.activeElement.id, document.querySelectorAll(".alert").length].join()`); got != "password,0" {
		t.Errorf("whoever is to wait is at %s; want the password, with its line and no box", got)
	}
	if got := browser.Eval[string](tab, `(() => { const [shown, said] = document.querySelector(".countdown").children;
		return [shown.textContent.trim().length > 0, shown.ariaHidden, said.textContent].join(); })()`); got != "true,true," {
		t.Errorf("the countdown: %s", got)
	}

	tab.Goto(base + "/security-password-changed")
	if got := browser.Eval[string](tab, `document.activeElement.role + document.title.slice(0, 5)`); got != "statusDone:" {
		t.Errorf("what went well: %s", got)
	}

	tab.Goto(base + "/error-not-found")
	if !tab.Has("#reference + button.copy") {
		t.Error("the request id has no copy button")
	}
	if got := browser.Eval[string](tab, `document.querySelector("time").title`); got != "3 May 2026, 14:30 UTC" {
		t.Errorf("the exact time is %q", got)
	}
	if got := browser.Eval[string](tab, `document.querySelector("time").textContent`); !timeForm.MatchString(got) {
		t.Errorf("the time in the reader's zone is %q", got)
	}

	tab.Goto(base + "/home-apps")
	tab.Click(".menu summary")
	tab.Axe(t)
	tab.Screenshot("home-menu")
	if browser.Eval[bool](tab, `dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"})), document.querySelector(".menu").open`) {
		t.Error("Escape leaves the menu open")
	}
}

func TestOtherBrandsLookRight(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32"><rect width="120" height="32" rx="4" fill="#777"/></svg>`
	tab := browser.New(t, browser.Options{})
	for name, b := range map[string]page.Brand{
		"yellow": {Name: "Sunflower", Accent: "#ffd400"},
		"navy": {Name: "Universität für angewandte Langnamenkunde und Verwandtes", Accent: "#1e3a8a",
			Logo: []byte(logo), LogoType: "image/svg+xml"},
	} {
		base := gallery(t, branded(b))
		for _, e := range []string{"sign-in", "consent-new-scopes", "home-apps"} {
			look(t, tab, base, e, "brand-"+name+"-"+e)
		}
	}
}
