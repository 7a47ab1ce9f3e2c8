package op

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
)

// quiet is a house on a file, whose log is written and thrown away.
func quiet(b *testing.B) *house {
	h := newHouseOn(b, must(bolt.Open(filepath.Join(b.TempDir(), "data"), bolt.Options{})))
	h.log.off = true
	h.dailySignIns(1_000_000_000)
	return h
}

func BenchmarkDiscovery(b *testing.B) {
	h := quiet(b)
	r := httptest.NewRequest(http.MethodGet, oauth.PathDiscovery, nil)
	for b.Loop() {
		h.handler.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkAuthorizeAnonymous(b *testing.B) {
	h := quiet(b)
	r := httptest.NewRequest(http.MethodGet, authorizeURL(authorization()), nil)
	for b.Loop() {
		h.handler.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkUserinfo(b *testing.B) {
	h := quiet(b)
	r := httptest.NewRequest(http.MethodGet, oauth.PathUserinfo, nil)
	r.Header.Set("Authorization", "Bearer "+h.browser().tokens(authorization()).AccessToken)
	for b.Loop() {
		w := httptest.NewRecorder()
		if h.handler.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkIntrospection(b *testing.B) {
	h := quiet(b)
	form := url.Values{"token": {h.browser().tokens(authorization()).AccessToken}}
	benchPosts(b, h, webID, oauth.PathIntrospection, form)
}

func BenchmarkClientCredentials(b *testing.B) {
	h := quiet(b)
	h.client("robot", ownGrant)
	benchPosts(b, h, "robot", oauth.PathToken, forItself)
}

func benchPosts(b *testing.B, h *house, id, path string, form url.Values) {
	for b.Loop() {
		r := formRequest(path, form)
		r.SetBasicAuth(id, h.secret)
		w := httptest.NewRecorder()
		if h.handler.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Code, w.Body)
		}
	}
}

// A code flow on a session with remembered consent: authorize and token.
func BenchmarkCodeFlow(b *testing.B) {
	for _, alg := range []string{keys.RS256, keys.ES256} {
		b.Run(alg, func(b *testing.B) {
			h := quiet(b)
			h.change(webID, func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = alg })
			person := h.signedIn()
			query := authorizeURL(authorization())
			cookie := &http.Cookie{Name: sessionsCookie, Value: person.sessions[0].String()}
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, query, nil)
				r.AddCookie(cookie)
				w := httptest.NewRecorder()
				h.handler.ServeHTTP(w, r)
				_, params, _ := strings.Cut(w.Header().Get("Location"), "?")
				code := must(url.ParseQuery(params)).Get("code")
				w = httptest.NewRecorder()
				r = formRequest(oauth.PathToken, redemption(code))
				r.SetBasicAuth(webID, h.secret)
				if h.handler.ServeHTTP(w, r); w.Code != 200 {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
