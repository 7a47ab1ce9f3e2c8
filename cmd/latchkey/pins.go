package main

import (
	"fmt"
	"slices"
	"time"

	"latchkey/storage/policy"
)

// pins returns what lays the configuration's policy over the settings.
func pins(c *Config) (func(*policy.Settings), error) {
	var logo []byte
	var logoType string
	if c.BrandingLogoFile != "" {
		var err error
		if logo, logoType, err = readLogo(c.BrandingLogoFile); err != nil {
			return nil, fmt.Errorf("branding.logo_file (%s): %w", c.source("branding.logo_file"), err)
		}
	}
	return func(s *policy.Settings) {
		c.pinKeys(s)
		pinBranding(c, &s.Branding)
		if len(logo) > 0 {
			s.Branding.Logo, s.Branding.LogoType = logo, logoType
		}
	}, nil
}

func pinBranding(c *Config, b *policy.Branding) {
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

func (c *Config) pinKeys(s *policy.Settings) {
	if len(c.SigningAlgorithms) > 0 {
		s.SigningAlgorithms = withRS256(c.SigningAlgorithms)
	}
	if c.DefaultAlgorithm != "" {
		s.DefaultSigningAlgorithm = c.DefaultAlgorithm
	}
	if n, err := rotationSeconds(c.KeyRotation); c.KeyRotation != "" && err == nil { // checked by Validate
		s.KeyRotation = new(uint32(n))
	}
}

// rotationSeconds reads key_rotation.
func rotationSeconds(text string) (int64, error) {
	var d days
	err := d.Set(text)
	return int64(time.Duration(d) / time.Second), err
}

// withRS256 puts RS256 in front, which is on whether or not it is named, and takes
// out what is named twice.
func withRS256(names []string) []string {
	all := []string{policy.AlgorithmRS256}
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
