package policy

import (
	"time"

	"latchkey/internal/limit"
)

func (t Throttle) Pauses() limit.Pauses {
	return limit.Pauses{Free: t.Failures, First: Seconds(t.Pause), Most: Seconds(t.PauseMost),
		Forget: Seconds(t.Window)}
}

// Settings is the policy of this provider: one record, read in the transaction
// that needs it. The zero value of a field means its default.
type Settings struct {
	Branding  Branding  `cbor:"1,keyasint" json:"branding"`
	Lifetimes Lifetimes `cbor:"2,keyasint" json:"lifetimes"`
	Throttle  Throttle  `cbor:"3,keyasint" json:"throttle"`
	Epoch     uint64    `cbor:"4,keyasint" json:"epoch"` // one more at every change
	// Changed is when the last change was made, in Unix seconds; 0: never. In what is
	// read it is no earlier than what the configuration file pins came into force.
	Changed uint64 `cbor:"15,keyasint,omitempty" json:"changed,omitempty"`
	// AuditRetention is how long the audit trail is kept, in seconds.
	AuditRetention uint64 `cbor:"5,keyasint" json:"audit_retention_seconds"`
	// SigningAlgorithms are those that tokens may be signed with (RFC 7518 section
	// 3.1). RS256 is always among them.
	SigningAlgorithms []string `cbor:"10,keyasint,omitempty" json:"signing_algorithms"`
	// KeyRotation is how long a key signs or seals before another takes its place, in
	// seconds. 0: keys change only when somebody says so. Never nil in what is read.
	KeyRotation *uint32 `cbor:"11,keyasint,omitempty" json:"key_rotation_seconds"`
	// OfflineGrants is how many offline grants a user may have with one client. One
	// more ends the oldest.
	OfflineGrants uint32 `cbor:"13,keyasint,omitempty" json:"offline_grants"`
	// DefaultSigningAlgorithm signs for clients that have registered none. It is one of
	// SigningAlgorithms.
	DefaultSigningAlgorithm string `cbor:"14,keyasint,omitempty" json:"default_signing_algorithm"`
	// DailySignIns is how often a user may sign in with the password in a day, and how
	// often to apps, each by an authorization code: as many at once, and one more each
	// time its part of a day has passed, or half a minute.
	DailySignIns uint32 `cbor:"16,keyasint,omitempty" json:"daily_sign_ins"`
	// IDTokenUserClaims puts the claims of granted scopes into ID tokens, unless the
	// client says otherwise: many programs never call userinfo. Never nil in what is read.
	IDTokenUserClaims *bool `cbor:"17,keyasint,omitempty" json:"id_token_user_claims"`
	// UsernameScripts says which scripts a new username may mix: ScriptsHighlyRestrictive,
	// ScriptsModeratelyRestrictive or ScriptsAny.
	UsernameScripts string `cbor:"18,keyasint,omitempty" json:"username_scripts"`
	// WebFingerDomains are those whose accounts sign in here (RFC 7033), in lower case.
	WebFingerDomains []string `cbor:"19,keyasint,omitempty" json:"webfinger_domains"`
}

// Branding is how the pages look.
type Branding struct {
	Name        string `cbor:"1,keyasint" json:"name"`
	Accent      string `cbor:"2,keyasint" json:"accent"` // #rrggbb
	Logo        []byte `cbor:"3,keyasint" json:"logo,omitempty"`
	LogoType    string `cbor:"4,keyasint" json:"logo_type,omitempty"` // media type of Logo
	HomeURL     string `cbor:"5,keyasint" json:"home_url,omitempty"`
	SupportURL  string `cbor:"6,keyasint" json:"support_url,omitempty"`
	PrivacyURL  string `cbor:"7,keyasint" json:"privacy_url,omitempty"`
	TermsURL    string `cbor:"8,keyasint" json:"terms_url,omitempty"`
	SupportMail string `cbor:"9,keyasint" json:"support_email,omitempty"`
}

// Lifetimes are in seconds.
type Lifetimes struct {
	Code            uint32 `cbor:"1,keyasint" json:"code"`
	AccessToken     uint32 `cbor:"2,keyasint" json:"access_token"`
	IDToken         uint32 `cbor:"3,keyasint" json:"id_token"`
	SessionIdle     uint32 `cbor:"4,keyasint" json:"session_idle"`
	SessionAbsolute uint32 `cbor:"5,keyasint" json:"session_absolute"`
	Flow            uint32 `cbor:"6,keyasint" json:"flow"`
	SetUpLink       uint32 `cbor:"7,keyasint" json:"setup_link"`
	RecoveryLink    uint32 `cbor:"8,keyasint" json:"recovery_link"`
	RefreshIdle     uint32 `cbor:"9,keyasint" json:"refresh_idle"`
	RefreshAbsolute uint32 `cbor:"10,keyasint" json:"refresh_absolute"`
	// RefreshGrace is how long the refresh token before the current one is
	// answered with the current one again: for answers that were lost.
	RefreshGrace uint32 `cbor:"11,keyasint" json:"refresh_grace"`
}

// Throttle bounds guessing: Failures in a row, and then pauses that double from Pause to
// PauseMost seconds. A row is over after success, or after Window seconds without an
// attempt. Never a hard lock.
type Throttle struct {
	Failures  uint32 `cbor:"1,keyasint" json:"failures"`
	Pause     uint32 `cbor:"3,keyasint" json:"pause_seconds"`
	PauseMost uint32 `cbor:"4,keyasint,omitempty" json:"pause_most_seconds"`
	// 2 was the time in which failures were counted together, a quarter of an hour.
	Window uint32 `cbor:"5,keyasint,omitempty" json:"window_seconds"`
}

// windowLeast is the shortest Throttle.Window, in seconds. It is longer than any pause, or
// whoever waits a pause would begin anew.
const minWindow = 86400

// DefaultSettings is the policy of a provider nobody has configured.
func DefaultSettings() Settings {
	const minute, hour, day = 60, 3600, 86400
	return Settings{
		Branding: Branding{Name: "Latchkey", Accent: "#1f5fbf"},
		Lifetimes: Lifetimes{Code: 60, AccessToken: hour, IDToken: hour, SessionIdle: 7 * day,
			SessionAbsolute: 30 * day, Flow: 30 * minute, SetUpLink: hour, RecoveryLink: hour,
			RefreshIdle: 30 * day, RefreshAbsolute: 365 * day, RefreshGrace: minute},
		Throttle:       Throttle{Failures: 10, Window: day, Pause: minute, PauseMost: hour},
		AuditRetention: 365 * day, SigningAlgorithms: []string{AlgorithmRS256, AlgorithmES256},
		DefaultSigningAlgorithm: AlgorithmRS256, // OpenID Connect Registration section 2
		KeyRotation:             new(uint32(90 * day)), OfflineGrants: 20, DailySignIns: 100_000,
		IDTokenUserClaims: new(true), UsernameScripts: ScriptsHighlyRestrictive, WebFingerDomains: []string{},
	}
}

// UnchangedSince reports whether the settings have stood unchanged since then. Until they have
// for as long as the sweeper waits, it deletes nothing because of them: a mistyped
// lifetime can be taken back, and what it was too short for lives again.
func (s *Settings) UnchangedSince(since time.Time) bool { return since.Unix() >= int64(s.Changed) }

// Seconds is a lifetime as a duration.
func Seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }

// fill gives a record that predates a setting that setting's default.
func (s *Settings) fill() {
	d := DefaultSettings()
	if s.Branding.Name == "" {
		s.Branding.Name = d.Branding.Name
	}
	if s.Branding.Accent == "" {
		s.Branding.Accent = d.Branding.Accent
	}
	have, want := &s.Lifetimes, &d.Lifetimes
	for _, f := range []struct{ have, want *uint32 }{
		{&have.Code, &want.Code}, {&have.AccessToken, &want.AccessToken}, {&have.IDToken, &want.IDToken},
		{&have.SessionIdle, &want.SessionIdle}, {&have.SessionAbsolute, &want.SessionAbsolute},
		{&have.RefreshIdle, &want.RefreshIdle}, {&have.RefreshAbsolute, &want.RefreshAbsolute},
		{&have.RefreshGrace, &want.RefreshGrace}, {&have.Flow, &want.Flow}, {&have.SetUpLink, &want.SetUpLink},
		{&have.RecoveryLink, &want.RecoveryLink},
		{&s.Throttle.Failures, &d.Throttle.Failures}, {&s.Throttle.Window, &d.Throttle.Window},
		{&s.Throttle.Pause, &d.Throttle.Pause}, {&s.Throttle.PauseMost, &d.Throttle.PauseMost},
		{&s.OfflineGrants, &d.OfflineGrants}, {&s.DailySignIns, &d.DailySignIns},
	} {
		if *f.have == 0 {
			*f.have = *f.want
		}
	}
	if s.AuditRetention == 0 {
		s.AuditRetention = d.AuditRetention
	}
	if len(s.SigningAlgorithms) == 0 {
		s.SigningAlgorithms = d.SigningAlgorithms
	}
	if s.DefaultSigningAlgorithm == "" {
		s.DefaultSigningAlgorithm = d.DefaultSigningAlgorithm
	}
	if s.KeyRotation == nil {
		s.KeyRotation = d.KeyRotation
	}
	if s.WebFingerDomains == nil {
		s.WebFingerDomains = d.WebFingerDomains
	}
	if s.IDTokenUserClaims == nil {
		s.IDTokenUserClaims = d.IDTokenUserClaims
	}
	if s.UsernameScripts == "" {
		s.UsernameScripts = d.UsernameScripts
	}
}
