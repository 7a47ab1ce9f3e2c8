package data

import (
	"fmt"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/storage/policy"
)

// pins returns what lays the configuration's policy over the settings.
func pins(c *config.Config) (func(*policy.Settings), error) {
	var logo []byte
	var logoType string
	if c.BrandingLogoFile != "" {
		var err error
		if logo, logoType, err = ReadLogo(c.BrandingLogoFile); err != nil {
			return nil, fmt.Errorf("branding.logo_file (%s): %w", c.Source("branding.logo_file"), err)
		}
	}
	return func(s *policy.Settings) {
		c.PinKeys(s)
		pinBranding(c, &s.Branding)
		if len(logo) > 0 {
			s.Branding.Logo, s.Branding.LogoType = logo, logoType
		}
	}, nil
}

func pinBranding(c *config.Config, b *policy.Branding) {
	for _, f := range []struct {
		into *string
		pin  string
	}{
		{&b.Name, c.BrandingName}, {&b.Accent, c.BrandingAccent}, {&b.HomeURL, c.BrandingHomeURL},
		{&b.SupportURL, c.BrandingSupportURL}, {&b.PrivacyURL, c.BrandingPrivacyURL}, {&b.TermsURL, c.BrandingTermsURL},
		{&b.SupportMail, c.BrandingSupportEmail},
	} {
		if f.pin != "" {
			*f.into = f.pin
		}
	}
}
