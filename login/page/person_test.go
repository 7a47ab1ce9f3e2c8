package page

import (
	"net/http"
	"testing"
)

func TestLinksLeadOnlyToTheWeb(t *testing.T) {
	for url, fit := range map[string]bool{
		"https://calendar.example": true, "http://localhost:9000/x?y#z": true, "HTTPS://calendar.example/": true,
		"": false, "/path": false, "calendar.example": false, "//calendar.example": false, "https:///x": false,
		"https:calendar.example": false,
		"javascript:alert(1)":    false, "javascript://calendar.example/%0aalert(1)": false, "data:text/html,x": false,
		"com.example.app://open": false, "file://host/etc/passwd": false, "mailto:ada@example.org": false,
		"https://calendar.example@evil.example": false, "https://a b/": false, "https://calendar.example/\n": false,
	} {
		if got := webLink(url); (got != "") != fit || got != "" && got != url {
			t.Errorf("%q gives %q", url, got)
		}
	}
}

func TestInitialsStandInForPictures(t *testing.T) {
	for name, want := range map[string]string{"ada": "A", " «éa»": "É", "\u202e7up": "7", "日本": "日", "": "", "—": ""} {
		if got := initial(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestAPasswordIsNeverGivenBack(t *testing.T) {
	if got := (input{ID: FieldPassword, Type: "password"}).with("secret words", nil); got.Value != "" {
		t.Error("the input holds the password")
	}
}

func TestConsentNamesWhereTheBrowserGoes(t *testing.T) {
	for uri, want := range map[string]string{
		"https://calendar.example/cb":              "You will return to calendar.example",
		"https://calendar.example:8443/cb":         "You will return to calendar.example:8443",
		"http://127.0.0.1:9000/cb":                 "You will return to a program on this device (127.0.0.1:9000)",
		"http://[::1]:9000/cb":                     "You will return to a program on this device ([::1]:9000)",
		"http://localhost/cb":                      "You will return to a program on this device (localhost)",
		"com.example.app:/cb":                      "You will return to a program on this device (com.example.app)",
		"https://localhost.evil.example/cb":        "You will return to localhost.evil.example",
		"https://calendar.example@evil.example/cb": "You will return to evil.example",
	} {
		got, err := english.plain(Consent{RedirectURI: uri}.ReturnsTo())
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", uri, got, err)
		}
	}
	if !(Consent{}).ReturnsTo().IsZero() {
		t.Error("no address is named")
	}
}

func TestEveryStatusHasAFault(t *testing.T) {
	for status, want := range map[int]Fault{400: BadRequest, 403: Forbidden, 404: NotFound, 405: WrongMethod,
		413: TooLarge, 429: TooMany,
		500: Internal, 503: Overloaded, 502: Internal, 418: BadRequest, 414: BadRequest, 0: BadRequest} {
		if got := FaultOf(status); got != want {
			t.Errorf("%d: %d, want %d", status, got, want)
		}
	}
	for f := Internal; f <= WrongQuestion; f++ {
		if http.StatusText(f.Status()) == "" {
			t.Errorf("fault %d has status %d", f, f.Status())
		}
	}
}
