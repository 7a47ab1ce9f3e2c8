package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/api/wire"
)

func TestSocketRefusesWhoeverItCannotName(t *testing.T) {
	_, handler := testServer(t).apiHandler(slog.New(slog.DiscardHandler))
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequest("GET", wire.Prefix+"/users", nil))
	if rec.Code != http.StatusForbidden {
		t.Errorf("status %d", rec.Code)
	}
}

func TestSecureIssuerBehindAProxyAnswersWhatCameByHTTPSOnly(t *testing.T) {
	h := testServer(t, "LATCHKEY_ISSUER=https://id.example.org", "LATCHKEY_TRUSTED_PROXIES=10.0.0.0/8")
	_, handler, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, from, proto string
		status            int
	}{
		{"/nowhere", "10.0.0.1:1", "https", http.StatusNotFound},
		{"/nowhere", "10.0.0.1:1", "http", http.StatusBadRequest},
		{"/nowhere", "10.0.0.1:1", "", http.StatusBadRequest},
		{"/nowhere", "192.0.2.1:1", "https", http.StatusBadRequest}, // not that proxy
		{PathHealth, "192.0.2.1:1", "", http.StatusOK},
		{PathReady, "192.0.2.1:1", "", http.StatusOK},
	} {
		req := httptest.NewRequest("GET", c.path, nil)
		req.RemoteAddr = c.from
		req.Header.Set("X-Forwarded-Proto", c.proto)
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		if rec.Code != c.status {
			t.Errorf("%+v: status %d", c, rec.Code)
		}
	}
}

func TestErrorsOfTheEdgeAreShownAsPages(t *testing.T) {
	_, handler, err := testServer(t).publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequest("GET", "/nowhere", nil))
	id := rec.Header().Get("X-Request-Id")
	if kind := rec.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/html") || id == "" ||
		!strings.Contains(rec.Body.String(), id) {
		t.Errorf("%s: %s", kind, rec.Body)
	}
}

func TestOverHTTPSCookiesAreBoundToTheHost(t *testing.T) {
	h := testServer(t, "LATCHKEY_ISSUER=https://id.example.org", "LATCHKEY_TRUSTED_PROXIES=10.0.0.0/8")
	_, handler, err := h.publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest("GET", "https://id.example.org/sign-in", nil)
	req.RemoteAddr = "10.0.0.1:1"
	req.Header.Set("X-Forwarded-Proto", "https")
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	cookies := rec.Result().Cookies()
	if len(cookies) == 0 {
		t.Error("no cookie")
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure {
			t.Errorf("cookie %s, secure %v", c.Name, c.Secure)
		}
	}
}

// What the edge refuses at an endpoint for programs is told in the endpoint's form.
func TestErrorsOfTheEdgeAtTheTokenEndpointAreJSON(t *testing.T) {
	_, handler, err := testServer(t).publicHandler(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/connect/token", strings.NewReader(strings.Repeat("a", 2<<20)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	handler.ServeHTTP(rec, r)
	if kind := rec.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		t.Errorf("%d %s: %.100s", rec.Code, kind, rec.Body)
	}
}
