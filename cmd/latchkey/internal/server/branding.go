package server

import (
	"context"
	"net/http"
	"sync/atomic"

	"latchkey/login/page"
	"latchkey/storage/policy"
)

// branding answers how the pages look.
type branding struct {
	settings policy.SettingsStore
	last     atomic.Pointer[policy.Branding]
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
		HomeURL: b.HomeURL, SupportURL: b.SupportURL, PrivacyURL: b.PrivacyURL, TermsURL: b.TermsURL,
		SupportEmail: b.SupportMail}
}
