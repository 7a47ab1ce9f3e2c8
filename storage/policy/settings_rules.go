package policy

import (
	"regexp"
	"slices"
	"strings"

	"latchkey/storage"
	"latchkey/storage/table"
)

var accentForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

var logoTypes = []string{"image/svg+xml", "image/png", "image/jpeg", "image/webp"}

const (
	maxLogo  = 256 << 10    // bytes
	minAudit = 86400        // seconds: a day
	maxAudit = 3650 * 86400 // seconds: about ten years
	// RotationLeast and RotationMost bound, in seconds, how long a key is used.
	RotationLeast = 7 * 86400
	RotationMost  = 3650 * 86400
	// offlineMost bounds how many offline grants a user may have with one client: where
	// they are as many, each new one reads them all.
	maxOffline = 100
)

func (s *Settings) Validate() error {
	if err := s.Branding.validate(); err != nil {
		return err
	}
	for _, v := range s.numbers() {
		if v.n < v.min || v.n > v.max {
			return storage.Invalidf(v.field, "must be %d to %d %s, not %d", v.min, v.max, v.unit, v.n)
		}
	}
	if n := s.AuditRetention; n < minAudit || n > maxAudit {
		return storage.Invalidf("audit_retention_seconds", "must be %d to %d seconds, not %d", minAudit, maxAudit, n)
	}
	if n := s.KeyRotation; n == nil || *n != 0 && (*n < RotationLeast || *n > RotationMost) {
		return storage.Invalidf("key_rotation_seconds", "must be %d to %d seconds, or 0 for never by itself",
			RotationLeast, RotationMost)
	}
	if err := validDomains("webfinger_domains", s.WebFingerDomains); err != nil {
		return err
	}
	if err := validAlgorithms("signing_algorithms", s.SigningAlgorithms); err != nil {
		return err
	}
	if alg := s.DefaultSigningAlgorithm; !slices.Contains(s.SigningAlgorithms, alg) {
		return storage.Invalidf("default_signing_algorithm",
			"must be among %s, not %q: signing_algorithms enables no others",
			strings.Join(s.SigningAlgorithms, ", "), alg)
	}
	if level := s.UsernameScripts; !slices.Contains(usernameScripts, level) {
		return storage.Invalidf("username_scripts", "must be one of %s, not %q",
			strings.Join(usernameScripts, ", "), level)
	}
	return nil
}

// domainsMost is how many domains a setting may list.
const maxDomains = 100

var domainForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

func validDomains(field string, all []string) error {
	if len(all) > maxDomains {
		return storage.Invalidf(field, "must be at most %d domains", maxDomains)
	}
	for _, domain := range all {
		if !domainForm.MatchString(domain) {
			return storage.Invalidf(field, "must be domains in lower case, like example.org, not %q", domain)
		}
	}
	return nil
}

// number is a setting that counts something, and its bounds.
type number struct {
	field    string
	n        uint32
	min, max uint32
	unit     string
}

const seconds = "seconds"

func (s *Settings) numbers() []number {
	l := s.Lifetimes
	return []number{
		{"lifetimes.code", l.Code, 10, 600, seconds},
		{"lifetimes.access_token", l.AccessToken, 60, 86400, seconds},
		{"lifetimes.id_token", l.IDToken, 60, 86400, seconds},
		{"lifetimes.session_idle", l.SessionIdle, 300, 400 * 86400, seconds},
		{"lifetimes.session_absolute", l.SessionAbsolute, 300, 400 * 86400, seconds},
		{"lifetimes.flow", l.Flow, 60, 86400, seconds},
		{"lifetimes.setup_link", l.SetUpLink, 60, 7 * 86400, seconds},
		{"lifetimes.refresh_idle", l.RefreshIdle, 300, 400 * 86400, seconds},
		{"lifetimes.refresh_absolute", l.RefreshAbsolute, 300, 3660 * 86400, seconds},
		{"lifetimes.refresh_grace", l.RefreshGrace, 1, 600, seconds},
		{"lifetimes.recovery_link", l.RecoveryLink, 60, 7 * 86400, seconds},
		{"throttle.failures", s.Throttle.Failures, 3, 1000, "attempts"},
		{"throttle.window_seconds", s.Throttle.Window, minWindow, 30 * 86400, seconds},
		{"throttle.pause_seconds", s.Throttle.Pause, 1, 3600, seconds},
		{"throttle.pause_most_seconds", s.Throttle.PauseMost, 60, minWindow / 2, seconds},
		{"offline_grants", s.OfflineGrants, 1, maxOffline, "grants"},
		{"daily_sign_ins", s.DailySignIns, 100, 1_000_000_000, "sign-ins"},
	}
}

// unitOf is what a setting counts; "" if it is not a number.
func unitOf(name string) string {
	if strings.HasSuffix(name, "_seconds") {
		return seconds
	}
	for _, v := range new(Settings).numbers() {
		if v.field == name {
			return v.unit
		}
	}
	return ""
}

// validate leaves to the pages whether they can show the accent.
func (b *Branding) validate() error {
	if err := storage.PlainText("branding.name", b.Name); err != nil {
		return err
	}
	if strings.TrimSpace(b.Name) == "" || len(b.Name) > 60 {
		return storage.Invalidf("branding.name", "must be 1 to 60 bytes long")
	}
	if !accentForm.MatchString(b.Accent) {
		return storage.Invalidf("branding.accent", "must be a colour like #1f5fbf, not %q", b.Accent)
	}
	if len(b.Logo) > maxLogo {
		return storage.Invalidf("branding.logo", "must be at most %d bytes", maxLogo)
	}
	if len(b.Logo) > 0 && !slices.Contains(logoTypes, b.LogoType) {
		return storage.Invalidf("branding.logo_type", "must be among %s, not %q", strings.Join(logoTypes, ", "),
			b.LogoType)
	}
	for _, f := range []struct{ field, value string }{
		{"branding.home_url", b.HomeURL}, {"branding.support_url", b.SupportURL},
		{"branding.privacy_url", b.PrivacyURL}, {"branding.terms_url", b.TermsURL},
	} {
		if err := storage.WebURL(f.field, f.value); err != nil {
			return err
		}
	}
	if err := table.ValidEmail(b.SupportMail); err != nil {
		return storage.Invalidf("branding.support_email", "must be an address like help@example.org, not %q",
			b.SupportMail)
	}
	return nil
}
