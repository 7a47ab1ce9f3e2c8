package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"latchkey/cmd/latchkey/internal/textutil"
)

// Config is what the file and the environment own: where Latchkey listens and
// keeps its data, and any policy that they pin. Every field is a setting of the
// table below; all else is policy, kept in storage and edited while running.
type Config struct {
	Issuer             string
	Listen             string
	MetricsListen      string
	AdminAPI           string
	TracesEndpoint     string
	DataDir            string
	Engine             string
	TLSCertificateFile string
	TLSKeyFile         string
	TrustedProxies     []string
	TrustedProxyHeader string
	OutgoingAllow      []string
	MasterKey          string
	MasterKeyFile      string
	LogLevel           string
	LogFormat          string
	SigningAlgorithms  []string
	DefaultAlgorithm   string
	KeyRotation        string
	BackupDirectory    string
	BackupEvery        string
	BackupKeep         string
	SecurityContact    string

	BrandingName         string
	BrandingLogoFile     string
	BrandingAccent       string
	BrandingHomeURL      string
	BrandingSupportURL   string
	BrandingSupportEmail string
	BrandingPrivacyURL   string
	BrandingTermsURL     string

	sources  map[string]string // by key: the words for where a value came from
	Unknown  []string          // LATCHKEY_* variables that mean nothing
	OTEL     map[string]string // the OTEL_* variables that are set
	FromFile string            // the file that was read, "" for none
}

// setting declares one setting: its key in the file, its default and the field
// it fills. The environment variable is the key in capitals after LATCHKEY_.
type setting struct {
	key    string
	preset string
	path   bool // a path: in a file it is relative to that file
	text   func(*Config) *string
	list   func(*Config) *[]string // instead of text
}

// settings is the one list of them: the file, the environment, the defaults and
// config.example.yaml are all held against it.
var settings = []setting{
	{key: "issuer", preset: "http://localhost:8080", text: func(c *Config) *string { return &c.Issuer }},
	{key: "listen", preset: "localhost:8080", text: func(c *Config) *string { return &c.Listen }},
	{key: "metrics_listen", text: func(c *Config) *string { return &c.MetricsListen }},
	{key: "admin_api", preset: SwitchOn, text: func(c *Config) *string { return &c.AdminAPI }},
	{key: "traces_endpoint", text: func(c *Config) *string { return &c.TracesEndpoint }},
	{key: "data_dir", preset: "latchkey-data", path: true, text: func(c *Config) *string { return &c.DataDir }},
	{key: "engine", preset: engineBolt, text: func(c *Config) *string { return &c.Engine }},
	{key: "tls.certificate_file", path: true, text: func(c *Config) *string { return &c.TLSCertificateFile }},
	{key: "tls.key_file", path: true, text: func(c *Config) *string { return &c.TLSKeyFile }},
	{key: "trusted_proxies", list: func(c *Config) *[]string { return &c.TrustedProxies }},
	{key: "trusted_proxy_header", preset: HeaderX, text: func(c *Config) *string { return &c.TrustedProxyHeader }},
	{key: "outgoing_allow", list: func(c *Config) *[]string { return &c.OutgoingAllow }},
	{key: "master_key", text: func(c *Config) *string { return &c.MasterKey }},
	{key: "master_key_file", path: true, text: func(c *Config) *string { return &c.MasterKeyFile }},
	{key: "log.level", preset: "info", text: func(c *Config) *string { return &c.LogLevel }},
	{key: "log.format", preset: formatText, text: func(c *Config) *string { return &c.LogFormat }},
	{key: "signing_algorithms", list: func(c *Config) *[]string { return &c.SigningAlgorithms }},
	{key: "default_signing_algorithm", text: func(c *Config) *string { return &c.DefaultAlgorithm }},
	{key: "key_rotation", text: func(c *Config) *string { return &c.KeyRotation }},
	{key: "backup.directory", path: true, text: func(c *Config) *string { return &c.BackupDirectory }},
	{key: "backup.every", preset: "24h", text: func(c *Config) *string { return &c.BackupEvery }},
	{key: "backup.keep", preset: "7", text: func(c *Config) *string { return &c.BackupKeep }},
	{key: "security_contact", text: func(c *Config) *string { return &c.SecurityContact }},
	{key: "branding.name", text: func(c *Config) *string { return &c.BrandingName }},
	{key: "branding.logo_file", path: true, text: func(c *Config) *string { return &c.BrandingLogoFile }},
	{key: "branding.accent", text: func(c *Config) *string { return &c.BrandingAccent }},
	{key: "branding.home_url", text: func(c *Config) *string { return &c.BrandingHomeURL }},
	{key: "branding.support_url", text: func(c *Config) *string { return &c.BrandingSupportURL }},
	{key: "branding.support_email", text: func(c *Config) *string { return &c.BrandingSupportEmail }},
	{key: "branding.privacy_url", text: func(c *Config) *string { return &c.BrandingPrivacyURL }},
	{key: "branding.terms_url", text: func(c *Config) *string { return &c.BrandingTermsURL }},
}

// Words that settings choose from.
const (
	engineBolt     = "bolt"
	HeaderX        = "x-forwarded"
	HeaderStandard = "forwarded"
	formatText     = "text"
	FormatJSON     = "json"
	SwitchOn       = "on"
	switchOff      = "off"
)

const (
	envPrefix = "LATCHKEY_"
	envOTel   = "OTEL_"
	envConfig = envPrefix + "CONFIG" // instead of --config
	byDefault = "the default"
)

func (s setting) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

func (s setting) put(c *Config, values []string, source string) {
	if s.list != nil {
		*s.list(c) = values
	} else {
		*s.text(c) = values[0]
	}
	c.sources[s.key] = source
}

// Load puts together the defaults, the file (at path, or where
// LATCHKEY_CONFIG says; without either there is none) and the environment, which
// wins. The result is valid.
func Load(path string, env []string) (*Config, error) {
	c := &Config{sources: map[string]string{}, OTEL: map[string]string{}}
	for _, s := range settings {
		if s.text != nil {
			s.put(c, []string{s.preset}, byDefault)
		}
	}
	if path == "" {
		path = Lookup(env, envConfig)
	}
	if path != "" {
		if err := c.readFile(path); err != nil {
			return nil, err
		}
	}
	if err := c.readEnv(env); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) readFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the configuration file cannot be read: %w", textutil.FileReason(err))
	}
	text = textutil.WithoutMark(text)
	if line, ok := textutil.NotUTF8(text); ok {
		return fmt.Errorf("%s line %d: this is not UTF-8", path, line)
	}
	found, err := parseFile(path, text)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.setting.path && !filepath.IsAbs(f.values[0]) {
			f.values[0] = filepath.Join(filepath.Dir(path), f.values[0])
		}
		f.setting.put(c, f.values, f.source)
	}
	c.FromFile = path
	return nil
}

// readEnv applies the variables that are set and not empty; an empty one is how
// orchestrators spell "not set".
func (c *Config) readEnv(env []string) error {
	known := []string{envConfig, EnvServer, EnvCA, EnvCredentials, EnvClientID, EnvClientSecret}
	for _, s := range settings {
		known = append(known, s.env())
		value := Lookup(env, s.env())
		if !utf8.ValidString(value) {
			return fmt.Errorf("%s: this is not UTF-8", s.env())
		}
		switch {
		case value == "":
		case s.list != nil:
			s.put(c, textutil.SplitList(value), s.env())
		default:
			s.put(c, []string{value}, s.env())
		}
	}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envOTel) {
			c.OTEL[name] = strings.TrimSpace(value)
		}
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(known, name) {
			c.Unknown = append(c.Unknown, name)
		}
	}
	slices.Sort(c.Unknown)
	return nil
}

// Lookup returns the last value of a variable in an environment, as os.Environ
// gives it.
func Lookup(env []string, name string) string {
	for _, entry := range slices.Backward(env) {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
