package page_test

import (
	"strings"
	"testing"

	"latchkey/login/page"
	"latchkey/login/page/pagetest"
)

func TestAfterSigningOutAnAppIsLinkedButNothingThatABrowserRuns(t *testing.T) {
	for url, linked := range map[string]bool{
		"https://calendar.example/bye": true, "com.example.calendar:/bye": true, "calendar:/bye?state=1": true,
		"": false, "/here": false, "javascript:alert(1)": false, "JavaScript:alert(1)": false,
		" javascript:alert(1)":  false,
		"java\tscript:alert(1)": false, "data:text/html,x": false, "vbscript:x": false, "blob:x": false,
		"file:///etc/passwd":                   false,
		"view-source:https://calendar.example": false, "https://calendar.example@elsewhere.example/": false,
		"com.example://u@h/": false,
	} {
		body := render(t, renderer(t, page.Options{}), 200,
			page.SignedOut{App: pagetest.Calendar(), ReturnURL: url}).Body.String()
		if got := strings.Contains(body, "Return to"); got != linked {
			t.Errorf("%q: linked %v", url, got)
		}
		if linked && !strings.Contains(body, `href="`+url+`"`) {
			t.Errorf("%q: %s", url, body)
		}
	}
}
