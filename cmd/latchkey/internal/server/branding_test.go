package server

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"latchkey/storage"
)

var png = []byte("\x89PNG\r\n\x1a\nrest")

func TestPinnedBrandingWinsOverTheSettings(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.png")
	if err := os.WriteFile(logo, png, 0o600); err != nil {
		t.Fatal(err)
	}
	h := testServer(t, "LATCHKEY_BRANDING_NAME=Resonance", "LATCHKEY_BRANDING_LOGO_FILE="+logo,
		"LATCHKEY_BRANDING_TERMS_URL=https://r.example/terms")
	set, err := h.Store.Settings.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set.Branding.Accent, set.Branding.PrivacyURL = "#8a2b06", "https://edited.example/p"
	if err := h.Store.Settings.Set(t.Context(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	set.Epoch, set.Branding.Name = 1, "Edited"
	var refused *storage.Invalid
	if err := h.Store.Settings.Set(t.Context(), storage.Operator, set); !errors.As(err, &refused) ||
		refused.Field != "branding.name" {
		t.Errorf("a pinned name was changed: %v", err)
	}
	b := h.branding.brand(httptest.NewRequest("GET", "/", nil))
	if b.Name != "Resonance" || b.TermsURL != "https://r.example/terms" || b.LogoType != "image/png" ||
		!bytes.Equal(b.Logo, png) {
		t.Errorf("pinned: %+v", b)
	}
	if b.Accent != "#8a2b06" || b.PrivacyURL != "https://edited.example/p" {
		t.Errorf("not pinned: %+v", b)
	}
	if err := h.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	if again := h.branding.brand(httptest.NewRequest("GET", "/", nil)); again.Accent != "#8a2b06" {
		t.Errorf("while the settings cannot be read: %+v", again)
	}
}
