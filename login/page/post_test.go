package page_test

import (
	"strings"
	"testing"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

func TestAnAnswerIsPostedToTheVeryAddressAndAsItIs(t *testing.T) {
	rd := renderer(t, page.Options{})
	for _, uri := range []string{"https://calendar.example/cb", "https://calendar.example/cb?a=1&b='(2)'&c=%2f",
		"http://127.0.0.1:4000/cb", "https://calendar.example/~c;d[e]!*"} {
		for _, state := range []string{"plain", `"><script>alert(1)</script>`, "Ünïcödé ✓", "a&amp;b", "  spaces  "} {
			var target, got string
			for _, e := range elements(t,
				render(t, rd, 200, page.Post{App: *pagetest.Calendar(), URI: uri,
					Params: [][2]string{{"state", state}}}).Body.String()) {
				switch {
				case e.name == "form":
					target = e.attr["action"]
				case e.name == "input" && e.attr["name"] == "state" && e.attr["type"] == "hidden":
					got = e.attr["value"]
				}
			}
			if target != uri || got != state {
				t.Errorf("%q to %q, want %q to %q", got, target, state, uri)
			}
		}
	}
}

func TestNoFormIsSentWhereNoFormCanGo(t *testing.T) {
	for _, uri := range []string{"", "javascript:alert(1)", "com.example.calendar:/cb",
		"https://calendar.example@elsewhere.example/", "/here"} {
		body := render(t, renderer(t, page.Options{}), 200,
			page.Post{App: *pagetest.Calendar(), URI: uri}).Body.String()
		if strings.Contains(body, "<form") {
			t.Errorf("%q: %s", uri, body)
		}
	}
}
