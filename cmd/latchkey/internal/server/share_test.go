package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/edge"
	"latchkey/keys"
)

func TestANetworkThatPressesKeepsNobodyElseFromSigningIn(t *testing.T) {
	h := testServer(t, "LATCHKEY_TRUSTED_PROXIES=192.0.2.1") // httptest's own
	_, public, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	from := func(address string, r *http.Request) *http.Request {
		r.Header.Set("X-Forwarded-For", address)
		r.Header.Set("X-Forwarded-Host", "localhost:8080")
		return r
	}
	proxied := edge.New(edge.Options{Log: slog.New(slog.DiscardHandler),
		Proxies: edge.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}})
	proxied.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for {
			turn, err := h.Hasher.Reserve(r.Context(), false)
			if errors.Is(err, keys.ErrBusy) {
				return
			}
			t.Cleanup(turn.Release)
		}
	})).ServeHTTP(httptest.NewRecorder(), from("203.0.113.9", httptest.NewRequest("GET", "/", nil)))

	signIn := func(address string) int {
		form := httptest.NewRecorder()
		public.ServeHTTP(form, from(address, httptest.NewRequest("GET", "http://localhost:8080/sign-in", nil)))
		r := httptest.NewRequest("POST", "http://localhost:8080/sign-in",
			strings.NewReader(url.Values{"username": {"ada"}, "password": {"wrong wrong wrong"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for _, c := range form.Result().Cookies() {
			r.AddCookie(c)
		}
		answer := httptest.NewRecorder()
		public.ServeHTTP(answer, from(address, r))
		return answer.Code
	}
	for _, c := range []struct {
		address string
		want    int
	}{{"203.0.113.9", http.StatusServiceUnavailable}, {"203.0.113.10", http.StatusServiceUnavailable},
		{"198.51.100.10", http.StatusUnprocessableEntity}} {
		if got := signIn(c.address); got != c.want {
			t.Errorf("from %s: %d, want %d", c.address, got, c.want)
		}
	}
}
