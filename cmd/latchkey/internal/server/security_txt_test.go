package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/cmd/latchkey/internal/config"

	"github.com/gorilla/mux"
)

func TestSecurityTxtIsAsRFC9116WantsIt(t *testing.T) {
	now := time.Date(2030, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600))
	for contact, want := range map[string]string{
		"security@example.org":           "Contact: mailto:security@example.org\nExpires: 2030-08-04T00:00:00Z\nCanonical: https://id.example.org/.well-known/security.txt\n",
		"https://example.org/report?a=b": "Contact: https://example.org/report?a=b\nExpires: 2030-08-04T00:00:00Z\nCanonical: https://id.example.org/.well-known/security.txt\n",
	} {
		c := &config.Config{Issuer: "https://id.example.org", SecurityContact: contact}
		if got := securityTxt(c, now); got != want {
			t.Errorf("%s:\n%s", contact, got)
		}
	}
	if got := securityTxt(&config.Config{Issuer: "http://localhost:8080", SecurityContact: "a@b.org"},
		now); strings.Contains(got, "Canonical") {
		t.Errorf("over http:\n%s", got)
	}
}

func TestSecurityTxtIsServedOnlyWithAContact(t *testing.T) {
	for contact, want := range map[string]int{"": http.StatusNotFound, "a@example.org": http.StatusOK} {
		h, router := testServer(t, "LATCHKEY_SECURITY_CONTACT="+contact), mux.NewRouter()
		h.securityRoute(router)
		rec := httptest.NewRecorder()
		router.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, pathSecurityTxt, nil))
		if rec.Code != want {
			t.Errorf("contact %q: status %d, want %d", contact, rec.Code, want)
		}
	}
}
