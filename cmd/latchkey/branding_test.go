package main

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/storage"
)

var png = []byte("\x89PNG\r\n\x1a\nrest")

func TestPinnedBrandingWinsOverTheSettings(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.png")
	if err := os.WriteFile(logo, png, 0o600); err != nil {
		t.Fatal(err)
	}
	h := testHouse(t, "LATCHKEY_BRANDING_NAME=Resonance", "LATCHKEY_BRANDING_LOGO_FILE="+logo, "LATCHKEY_BRANDING_TERMS_URL=https://r.example/terms")
	set, err := h.store.Settings.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set.Branding.Accent, set.Branding.PrivacyURL = "#8a2b06", "https://edited.example/p"
	if err := h.store.Settings.Set(t.Context(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	set.Epoch, set.Branding.Name = 1, "Edited"
	var refused *storage.Invalid
	if err := h.store.Settings.Set(t.Context(), storage.Operator, set); !errors.As(err, &refused) || refused.Field != "branding.name" {
		t.Errorf("a pinned name was changed: %v", err)
	}
	b := h.branding.brand(httptest.NewRequest("GET", "/", nil))
	if b.Name != "Resonance" || b.TermsURL != "https://r.example/terms" || b.LogoType != "image/png" || !bytes.Equal(b.Logo, png) {
		t.Errorf("pinned: %+v", b)
	}
	if b.Accent != "#8a2b06" || b.PrivacyURL != "https://edited.example/p" {
		t.Errorf("not pinned: %+v", b)
	}
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if again := h.branding.brand(httptest.NewRequest("GET", "/", nil)); again.Accent != "#8a2b06" {
		t.Errorf("while the settings cannot be read: %+v", again)
	}
}

func TestLogoIsLookedAt(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		text []byte
		want string // its type, or what the error holds
		ok   bool
	}{
		{"a.png", png, "image/png", true},
		{"a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "image/svg+xml", true},
		{"a.svg", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`), "image/svg+xml", true},
		{"a.jpg", []byte("\xff\xd8\xff\xe0"), "image/jpeg", true},
		{"a.png", []byte("<html>"), "must be PNG", false},
		{"a.svg", []byte("\x00\x01\x02"), "must be PNG", false},
		{"a.png", append(png, make([]byte, logoMost)...), "at most 256", false},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, c.text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, kind, err := readLogo(path)
		if c.ok && (err != nil || kind != c.want) || !c.ok && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %.20q: %q %v", c.name, c.text, kind, err)
		}
	}
	if _, _, err := readLogo("/nowhere/logo.png"); err == nil || !strings.Contains(err.Error(), "/nowhere/logo.png: no such file") {
		t.Error(err)
	}
}
