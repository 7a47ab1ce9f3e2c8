package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"
)

func TestSecurityTxtIsAsRFC9116WantsIt(t *testing.T) {
	now := time.Date(2030, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600))
	for contact, want := range map[string]string{
		"security@example.org":           "Contact: mailto:security@example.org\nExpires: 2030-08-04T00:00:00Z\nCanonical: https://id.example.org/.well-known/security.txt\n",
		"https://example.org/report?a=b": "Contact: https://example.org/report?a=b\nExpires: 2030-08-04T00:00:00Z\nCanonical: https://id.example.org/.well-known/security.txt\n",
	} {
		c := &Config{Issuer: "https://id.example.org", SecurityContact: contact}
		if got := securityTxt(c, now); got != want {
			t.Errorf("%s:\n%s", contact, got)
		}
	}
	if got := securityTxt(&Config{Issuer: "http://localhost:8080", SecurityContact: "a@b.org"}, now); strings.Contains(got, "Canonical") {
		t.Errorf("over http:\n%s", got)
	}
}

func TestContactsThatNobodyCouldUseAreRefused(t *testing.T) {
	for contact, good := range map[string]bool{
		"": true, "a@example.org": true, "mailto:a@example.org": true, "https://example.org/x": true, "tel:+1-201-555-0123": true,
		"http://example.org": false, "Ada <a@example.org>": false, "example.org": false, "javascript:x": false,
		"https://": false, "mailto:": false, "a@example.org\nContact: mailto:eve@example.org": false, "https://u:p@example.org": false,
	} {
		if fault := contactFault(contact); (fault == "") != good {
			t.Errorf("%q: %q", contact, fault)
		}
	}
}

func TestSecurityTxtIsServedOnlyWithAContact(t *testing.T) {
	for contact, want := range map[string]int{"": http.StatusNotFound, "a@example.org": http.StatusOK} {
		h, router := testHouse(t, "LATCHKEY_SECURITY_CONTACT="+contact), mux.NewRouter()
		h.securityRoute(router)
		rec := httptest.NewRecorder()
		router.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, pathSecurityTxt, nil))
		if rec.Code != want {
			t.Errorf("contact %q: status %d, want %d", contact, rec.Code, want)
		}
	}
}
