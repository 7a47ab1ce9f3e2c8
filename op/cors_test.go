package op

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// forScripts are the endpoints that scripts of other origins may read.
var forScripts = []string{oauth.PathDiscovery, oauth.PathMetadata, oauth.PathJWKS, oauth.PathToken,
	oauth.PathUserinfo, oauth.PathRevocation}

func TestScriptsOfRegisteredOriginsMaySendCredentialsAndOthersNot(t *testing.T) {
	h := newHouse(t)
	h.client("spa", func(m *apps.Metadata) {
		publicClient(m)
		m.RedirectURIs = []string{"https://Spa.example:443/cb", "https://spa.example:8443/cb", "http://localhost/cb",
			"com.example.spa:/cb"}
	})
	h.client("server", func(m *apps.Metadata) {
		m.RedirectURIs = []string{"http://127.0.0.1:3000/cb", "http://lan.example/cb"}
	})
	h.client("ended", func(m *apps.Metadata) { m.RedirectURIs = []string{"https://ended.example/cb"} })
	if _, err := h.store.Clients.SetState(t.Context(), storage.Operator, "ended", apps.ClientSuspended); err != nil {
		t.Fatal(err)
	}
	for origin, registered := range map[string]bool{
		"https://app.example":      true,
		"https://spa.example":      true,
		"https://spa.example:8443": true,
		"http://localhost":         true,
		"http://localhost:5173":    true, // any port, as for a public client's redirect URI
		"http://lan.example":       true,
		"http://127.0.0.1:3000":    true,
		"http://127.0.0.1:3001":    false, // the port is a confidential web client's
		"http://127.0.0.1":         false,
		"https://localhost:5173":   false,
		"http://localhost.example": false,
		"http://spa.example":       false,
		"https://spa.example:9000": false,
		"https://spa.example.evil": false,
		"https://a.spa.example":    false,
		"https://ended.example":    false,
		"https://unknown.example":  false,
		"com.example.spa:":         false,
		"null":                     false,
		"https://app.example/cb":   false,
		strings.Repeat("a", 1<<12): false,
		"https://app.example\x00":  false,
		"http://localhost:5173/cb": false,
		"http://localhost:99999":   false,
		"https://id.example.org":   false,
		"https://spa.example:443":  false, // no browser writes it so
	} {
		want, credentials := "*", ""
		if registered {
			want, credentials = origin, "true"
		}
		for _, path := range forScripts {
			for name, header := range corsAnswers(h, path, origin) {
				if header.Get("Access-Control-Allow-Origin") != want ||
					header.Get("Access-Control-Allow-Credentials") != credentials {
					t.Errorf("%s: %s %s: %v", origin, name, path, header)
				}
				if !varies(header) {
					t.Errorf("%s: %s %s: a cache may give it to another origin: %v", origin, name, path, header["Vary"])
				}
			}
		}
	}
	for _, path := range forScripts {
		if header := h.get(path).Header; !varies(header) || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s without an origin: %v", path, header)
		}
	}
}

// corsAnswers are the headers of a request from an origin and of the preflight before
// it. What is the same for all origins is compared here.
func corsAnswers(h *house, path, origin string) map[string]http.Header {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Origin", origin)
	real := h.do(r)
	if got := real.Header.Get("Access-Control-Expose-Headers"); got != "Www-Authenticate, Retry-After, X-Request-Id" {
		h.t.Errorf("%s: %s exposes %q", origin, path, got)
	}
	pre := httptest.NewRequest(http.MethodOptions, path, nil)
	pre.Header.Set("Origin", origin)
	pre.Header.Set("Access-Control-Request-Method", http.MethodPost)
	const headers = "authorization,dpop,traceparent,x-requested-with" // libraries add what they like
	pre.Header.Set("Access-Control-Request-Headers", headers)
	preflight := h.do(pre)
	if preflight.StatusCode/100 != 2 || preflight.Header.Get("Access-Control-Allow-Headers") != headers ||
		preflight.Header.Get("Access-Control-Allow-Methods") != http.MethodPost {
		h.t.Errorf("%s: preflight of %s: %d %v", origin, path, preflight.StatusCode, preflight.Header)
	}
	return map[string]http.Header{"the request to": real.Header, "the preflight of": preflight.Header}
}

func varies(header http.Header) bool {
	return slices.Contains(strings.Split(strings.Join(header["Vary"], ", "), ", "), "Origin")
}

func TestPagesAndIntrospectionAreReadByNoScript(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{oauth.PathAuthorize, authorize.PathFlow, authorize.PathFlow + "/x",
		oauth.PathEndSession, oauth.PathIntrospection} {
		for _, origin := range []string{"https://app.example", "https://unknown.example"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Origin", origin)
			if header := h.do(r).Header; header.Get("Access-Control-Allow-Origin") != "" ||
				header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s may be read from %s", path, origin)
			}
		}
	}
}

// A look at an origin must not cost what a sign-in costs.
func TestAnOriginCostsNoCommit(t *testing.T) {
	h := newHouse(t)
	before := h.commits()
	for _, origin := range []string{"https://app.example", "https://unknown.example"} {
		for _, path := range forScripts {
			corsAnswers(h, path, origin)
		}
	}
	if n := h.commits() - before; n != 0 {
		t.Errorf("%d commits", n)
	}
}
