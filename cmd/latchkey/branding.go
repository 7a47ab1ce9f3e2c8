package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"latchkey/login/page"
	"latchkey/storage"
)

// logoMost is the most bytes that a logo may have: every page shows it.
const logoMost = 256 << 10

// branding answers how the pages look: as the settings say, save what the
// configuration pins.
type branding struct {
	settings storage.SettingsStore
	pins     storage.Branding
	last     atomic.Pointer[storage.Branding]
}

// newBranding reads the pins. That the pages can show them Validate has seen, save
// for the logo.
func newBranding(c *Config, settings storage.SettingsStore) (*branding, error) {
	b := &branding{settings: settings, pins: storage.Branding{
		Name: c.BrandingName, Accent: c.BrandingAccent, HomeURL: c.BrandingHomeURL, SupportURL: c.BrandingSupportURL,
		PrivacyURL: c.BrandingPrivacyURL, TermsURL: c.BrandingTermsURL, SupportMail: c.BrandingSupportEmail,
	}}
	if c.BrandingLogoFile != "" {
		var err error
		if b.pins.Logo, b.pins.LogoType, err = readLogo(c.BrandingLogoFile); err != nil {
			return nil, fmt.Errorf("branding.logo_file (%s): %w", c.source("branding.logo_file"), err)
		}
	}
	return b, nil
}

func readLogo(path string) (logo []byte, kind string, err error) {
	if logo, err = os.ReadFile(path); err != nil {
		return nil, "", fmt.Errorf("the logo cannot be read: %w", reason(err))
	}
	if len(logo) > logoMost {
		return nil, "", fmt.Errorf("%s has %d KiB: it must have at most %d", path, len(logo)>>10, logoMost>>10)
	}
	kind = http.DetectContentType(logo)
	if strings.EqualFold(filepath.Ext(path), ".svg") && strings.HasPrefix(kind, "text/") {
		kind = "image/svg+xml" // which is XML, and so text to a look at its first bytes
	}
	switch kind {
	case "image/png", "image/jpeg", "image/webp", "image/svg+xml":
		return logo, kind, nil
	}
	return nil, "", errors.New("the logo must be PNG, JPEG, WebP or SVG: " + path + " is not")
}

// brand is a page.BrandSource. While the settings cannot be read it answers what
// it answered last.
func (b *branding) brand(r *http.Request) page.Brand { return pageBrand(b.inForce(r.Context())) }

func (b *branding) inForce(ctx context.Context) storage.Branding {
	if set, err := b.settings.Get(ctx); err == nil {
		merged := pin(set.Branding, b.pins)
		b.last.Store(&merged)
	} else if b.last.Load() == nil {
		return pin(storage.DefaultSettings().Branding, b.pins)
	}
	return *b.last.Load()
}

// pin lays what is pinned over what the settings say.
func pin(have, pins storage.Branding) storage.Branding {
	for _, f := range []struct{ have, pin *string }{
		{&have.Name, &pins.Name}, {&have.Accent, &pins.Accent}, {&have.HomeURL, &pins.HomeURL},
		{&have.SupportURL, &pins.SupportURL}, {&have.PrivacyURL, &pins.PrivacyURL}, {&have.TermsURL, &pins.TermsURL},
		{&have.SupportMail, &pins.SupportMail},
	} {
		if *f.pin != "" {
			*f.have = *f.pin
		}
	}
	if len(pins.Logo) > 0 {
		have.Logo, have.LogoType = pins.Logo, pins.LogoType
	}
	return have
}

func pageBrand(b storage.Branding) page.Brand {
	return page.Brand{Name: b.Name, Logo: b.Logo, LogoType: b.LogoType, Accent: b.Accent,
		HomeURL: b.HomeURL, SupportURL: b.SupportURL, PrivacyURL: b.PrivacyURL, TermsURL: b.TermsURL}
}
