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
	"latchkey/storage/policy"
)

// logoMost is the most bytes that a logo may have: every page shows it.
const logoMost = 256 << 10

// branding answers how the pages look.
type branding struct {
	settings policy.SettingsStore
	last     atomic.Pointer[policy.Branding]
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

func (b *branding) inForce(ctx context.Context) policy.Branding {
	if set, err := b.settings.Get(ctx); err == nil {
		b.last.Store(&set.Branding)
	} else if b.last.Load() == nil {
		return policy.DefaultSettings().Branding
	}
	return *b.last.Load()
}

func pageBrand(b policy.Branding) page.Brand {
	return page.Brand{Name: b.Name, Logo: b.Logo, LogoType: b.LogoType, Accent: b.Accent,
		HomeURL: b.HomeURL, SupportURL: b.SupportURL, PrivacyURL: b.PrivacyURL, TermsURL: b.TermsURL, SupportEmail: b.SupportMail}
}
